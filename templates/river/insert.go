package runcomfyriver

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	runcomfy "github.com/genclient/genclient/generated/runcomfy"
)

// maxKey bounds a key, in bytes: Postgres indexes no more than a third of a page.
const maxKey = 1024

// An InsertOption changes one insertion.
type InsertOption func(*insertion)

// insertion is a request on its way into the database.
type insertion struct {
	key, model  string
	body, extra []byte
}

// WithExtra adds parameters that the page does not know yet. They are stored apart
// from the input, so that the input can be read back; a name that the encoded input
// has is an error.
func WithExtra(extra map[string]any) InsertOption {
	return func(i *insertion) {
		if len(extra) > 0 {
			i.extra, _ = encode(extra) // nil when it cannot be: check says so
			if i.extra == nil {
				i.extra = []byte("not JSON")
			}
		}
	}
}

// InsertTx stores in as a request under key in the transaction tx of the database DB,
// and with it its River job: both exist just when tx commits. It reports whether the
// request is new; a key that has the same request already is not an error, another
// request under it is one with runcomfy.ErrKeyConflict. An invalid input is a
// *runcomfy.ValidationError. The request waits in line from the commit on.
func (e *Engine) InsertTx(ctx context.Context, tx *sql.Tx, key string, in runcomfy.Input,
	opts ...InsertOption) (bool, error) {
	i, err := e.newInsertion(key, in, opts)
	if err != nil {
		return false, err
	}
	return e.insertTx(ctx, tx, i)
}

// Insert is InsertTx in a transaction of its own.
func (e *Engine) Insert(ctx context.Context, key string, in runcomfy.Input, opts ...InsertOption) (bool, error) {
	i, err := e.newInsertion(key, in, opts)
	if err != nil {
		return false, err
	}
	return e.insertAlone(ctx, i)
}

// InsertRaw is Insert of a JSON object that is sent as it is, without checks: for a
// model, or a parameter, that is newer than this client.
func (e *Engine) InsertRaw(ctx context.Context, key, modelID string, body json.RawMessage) (bool, error) {
	i := &insertion{key: key, model: modelID, body: bytes.TrimSpace(body)}
	if err := i.check(e.limits.Body); err != nil {
		return false, err
	}
	return e.insertAlone(ctx, i)
}

// InsertMany inserts requests in transactions of a few hundred. It returns how many
// are new; those of the transactions before an error stay, so that it can be called
// again.
func (e *Engine) InsertMany(ctx context.Context, requests iter.Seq2[string, runcomfy.Input]) (int, error) {
	inserted := 0
	var batch []*insertion
	flush := func() error {
		added := 0
		err := e.inTx(ctx, func(tx *sql.Tx) error {
			for _, i := range batch {
				isNew, err := e.insertTx(ctx, tx, i)
				if err != nil {
					return err
				}
				if isNew {
					added++
				}
			}
			return nil
		})
		if err == nil {
			inserted += added
		}
		batch = batch[:0]
		e.kick()
		return err
	}
	for key, in := range requests {
		i, err := e.newInsertion(key, in, nil)
		if err != nil {
			return inserted, fmt.Errorf("request %q: %w", key, err)
		}
		if batch = append(batch, i); len(batch) == pageSize {
			if err := flush(); err != nil {
				return inserted, err
			}
		}
	}
	return inserted, flush()
}

func (e *Engine) insertAlone(ctx context.Context, i *insertion) (inserted bool, err error) {
	err = e.inTx(ctx, func(tx *sql.Tx) error {
		inserted, err = e.insertTx(ctx, tx, i)
		return err
	})
	e.kick()
	return inserted && err == nil, err
}

func (e *Engine) newInsertion(key string, in runcomfy.Input, opts []InsertOption) (*insertion, error) {
	if in == nil {
		return nil, errors.New("runcomfyriver: the input is nil")
	}
	if err := in.Validate(); err != nil {
		return nil, err
	}
	body, err := encode(in)
	if err != nil {
		return nil, fmt.Errorf("runcomfyriver: the input cannot be written as JSON (%T)", err)
	}
	i := &insertion{key: key, model: in.ModelID(), body: body}
	for _, o := range opts {
		o(i)
	}
	return i, i.check(e.limits.Body)
}

// encode returns v as JSON, with < > & in strings as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// check refuses what the database or the API could not take.
func (i *insertion) check(maxBody int64) error {
	switch {
	case i.key == "" || len(i.key) > maxKey || !utf8.ValidString(i.key) || strings.ContainsRune(i.key, 0):
		return fmt.Errorf("runcomfyriver: a key must be UTF-8 of 1 to %d bytes without NUL", maxKey)
	case i.model == "" || !utf8.ValidString(i.model) || strings.ContainsRune(i.model, 0):
		return errors.New("runcomfyriver: the model id must be UTF-8 without NUL")
	case !utf8.Valid(i.body) || !json.Valid(i.body) || !bytes.HasPrefix(i.body, []byte("{")):
		return errors.New("runcomfyriver: the body must be a JSON object in UTF-8")
	case int64(len(i.body)+len(i.extra)) > maxBody:
		return fmt.Errorf("runcomfyriver: the body has %d bytes, more than the %d of Config.MaxBody",
			len(i.body)+len(i.extra), maxBody)
	}
	_, err := withExtra(i.body, string(i.extra))
	return err
}

// insertTx inserts a checked request.
func (e *Engine) insertTx(ctx context.Context, tx *sql.Tx, i *insertion) (bool, error) {
	isNew, err := changedOne(tx.ExecContext(ctx, `insert into runcomfy_request (key, model, state, created)
		values ($1, $2, 'queued', $3) on conflict (key) do nothing`, i.key, i.model, micros(time.Now())))
	if err != nil {
		return false, fmt.Errorf("runcomfyriver: inserting a request: %w", err)
	}
	if !isNew {
		var model, body, extra string
		err := tx.QueryRowContext(ctx, `select r.model, b.body, b.extra from runcomfy_request r
			join runcomfy_body b on b.key = r.key where r.key = $1`, i.key).Scan(&model, &body, &extra)
		if err != nil {
			return false, fmt.Errorf("runcomfyriver: reading the request that has the key: %w", err)
		}
		if model != i.model || body != string(i.body) || extra != string(i.extra) {
			return false, fmt.Errorf("runcomfyriver: key %q: %w", i.key, runcomfy.ErrKeyConflict)
		}
		return false, nil
	}
	_, err = tx.ExecContext(ctx, "insert into runcomfy_body (key, body, extra) values ($1, $2, $3)",
		i.key, string(i.body), string(i.extra))
	if err != nil {
		return false, fmt.Errorf("runcomfyriver: inserting a body: %w", err)
	}
	// Pending: River does not work the job until the dispatcher has a place for it.
	return true, e.insertJob(ctx, tx, i.key, len(i.body)+len(i.extra), true)
}

// insertJob inserts the River job of a request and notes its id.
func (e *Engine) insertJob(ctx context.Context, tx *sql.Tx, key string, size int, pending bool) error {
	result, err := e.river.InsertTx(ctx, tx, requestArgs{Key: key, Bytes: size}, &river.InsertOpts{
		Queue:   queueName,
		Pending: pending,
		// Over all states: a job that was cancelled or discarded is made available again
		// rather than doubled. What lasts longer than River's jobs is runcomfy_request.
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: rivertype.JobStates()},
	})
	if err == nil {
		_, err = tx.ExecContext(ctx, "update runcomfy_request set river_job = $1 where key = $2", result.Job.ID, key)
	}
	if err != nil {
		return fmt.Errorf("runcomfyriver: inserting a River job: %w", err)
	}
	return nil
}

// requestArgs are the arguments of a River job. The request itself is not among them:
// River rewrites its rows often and deletes them after a day.
type requestArgs struct {
	Key   string `json:"key" river:"unique"`
	Bytes int    `json:"bytes"` // of the body, which bounds how long its submit may take
}

// Kind names the jobs of this package in River. It is part of the database's content.
func (requestArgs) Kind() string { return "runcomfy_request" }
