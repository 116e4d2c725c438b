package runcomfyriver

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	runcomfy "github.com/genclient/genclient/generated/runcomfy"
)

// A Journal is a runcomfy.Journal in the table runcomfy_journal of the engine's
// database. It is safe for concurrent use, by any number of processes.
type Journal struct{ db *sql.DB }

var _ runcomfy.Journal = (*Journal)(nil)

// Get returns the record under key, and false when there is none.
func (j *Journal) Get(ctx context.Context, key string) (runcomfy.JournalRecord, bool, error) {
	return getRecord(ctx, j.db, key)
}

// PutIfAbsent stores r unless its key has a record; it reports whether it did.
func (j *Journal) PutIfAbsent(ctx context.Context, r runcomfy.JournalRecord) (bool, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return false, fmt.Errorf("encoding a journal record: %w", err)
	}
	return changedOne(j.db.ExecContext(ctx, `insert into runcomfy_journal (key, revision, state, record)
		values ($1, $2, $3, $4) on conflict (key) do nothing`, r.Key, r.Revision, string(r.State), string(text)))
}

// CompareAndSwap stores next in place of the record of the same key if that has the
// given revision, and reports whether it did.
func (j *Journal) CompareAndSwap(ctx context.Context, revision int64, next runcomfy.JournalRecord) (bool, error) {
	return swapRecord(ctx, j.db, revision, next)
}

// Records returns all records in the order of their keys. It holds no connection
// while the caller looks at one.
func (j *Journal) Records(ctx context.Context) iter.Seq2[runcomfy.JournalRecord, error] {
	return func(yield func(runcomfy.JournalRecord, error) bool) {
		for last := ""; ; {
			page, err := recordsAfter(ctx, j.db, last)
			if err != nil {
				yield(runcomfy.JournalRecord{}, err)
				return
			}
			for _, r := range page {
				if last = r.Key; !yield(r, nil) {
					return
				}
			}
			if len(page) < pageSize {
				return
			}
		}
	}
}

// pageSize is how many rows a listing reads at once.
const pageSize = 500

func recordsAfter(ctx context.Context, db querier, key string) ([]runcomfy.JournalRecord, error) {
	rows, err := db.QueryContext(ctx,
		"select record from runcomfy_journal where key > $1 order by key limit $2", key, pageSize)
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	defer rows.Close()
	var page []runcomfy.JournalRecord
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
		r, err := parseRecord(text)
		if err != nil {
			return nil, err
		}
		page = append(page, r)
	}
	return page, rows.Err()
}

// querier is an *sql.DB or an *sql.Tx.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func getRecord(ctx context.Context, db querier, key string) (runcomfy.JournalRecord, bool, error) {
	var text string
	err := db.QueryRowContext(ctx, "select record from runcomfy_journal where key = $1", key).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return runcomfy.JournalRecord{}, false, nil
	}
	if err != nil {
		return runcomfy.JournalRecord{}, false, fmt.Errorf("reading the journal: %w", err)
	}
	r, err := parseRecord(text)
	return r, err == nil, err
}

// parseRecord reads a record. One that is not whole is an error and never an absent
// record, which would be a permission to submit.
func parseRecord(text string) (runcomfy.JournalRecord, error) {
	var r runcomfy.JournalRecord
	if err := json.Unmarshal([]byte(text), &r); err != nil || r.Key == "" || r.Revision < 1 {
		return runcomfy.JournalRecord{}, fmt.Errorf(
			"the table runcomfy_journal has a record that cannot be read (%T): restore it from a backup", err)
	}
	return r, nil
}

func swapRecord(ctx context.Context, db querier, revision int64, next runcomfy.JournalRecord) (bool, error) {
	text, err := json.Marshal(next)
	if err != nil {
		return false, fmt.Errorf("encoding a journal record: %w", err)
	}
	return changedOne(db.ExecContext(ctx, `update runcomfy_journal set revision = $1, state = $2, record = $3
		where key = $4 and revision = $5`, next.Revision, string(next.State), string(text), next.Key, revision))
}

// changedOne reports whether a statement changed a row.
func changedOne(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}
