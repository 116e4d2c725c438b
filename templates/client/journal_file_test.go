package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// openJournalOf opens a file of the given content.
func openJournalOf(t *testing.T, content string) (*FileJournal, string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "j.jsonl")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := OpenJournal(path)
	if err == nil {
		t.Cleanup(func() { j.Close() })
	}
	return j, path, err
}

// TestJournalOldFormat opens files without checksums, and what crashes left in them.
// They are rewritten.
func TestJournalOldFormat(t *testing.T) {
	const (
		sending  = `{"key":"k","revision":1,"state":"sending","request":"r","model":"m","origin":"o","started":"1970-01-01T00:00:01Z","updated":"1970-01-01T00:00:02Z"}`
		accepted = `{"key":"k","revision":2,"state":"accepted","request":"r","model":"m","origin":"o","request_id":"job-1","started":"1970-01-01T00:00:01Z","updated":"1970-01-01T00:00:02Z"}`
		other    = `{"key":"l","revision":1,"state":"sending","request":"r","model":"m","origin":"o","started":"1970-01-01T00:00:01Z","updated":"1970-01-01T00:00:02Z"}`
	)
	idAt := strings.Index(accepted, `"started"`)
	for _, test := range []struct {
		name, content string
		state         JournalState // of key k; empty for none
		id            string
		err           string
	}{
		{name: "empty", err: "at byte 0, in line 1: the file is empty"},
		{name: "whole", content: sending + "\n" + other + "\n" + accepted + "\n", state: JournalStateAccepted, id: "job-1"},
		{name: "torn intent", content: sending[:40]},
		{name: "torn end", content: sending + "\n" + accepted[:len(accepted)-1], state: JournalStateAmbiguous, id: "job-1"},
		{name: "torn after the id", content: sending + "\n" + accepted[:idAt], state: JournalStateAmbiguous, id: "job-1"},
		{name: "torn in the id", content: sending + "\n" + accepted[:idAt-3], state: JournalStateSending},
		{name: "torn after one byte", content: sending + "\n{", state: JournalStateSending},
		{name: "line without its end", content: sending + "\n" + accepted, state: JournalStateAccepted, id: "job-1"},
		{name: "zeros", content: sending + "\n" + strings.Repeat("\x00", 100), err: fmt.Sprintf("at byte %d, in line 2: neither a record nor padding", len(sending)+1)},
		{name: "torn with zeros", content: sending + "\n" + accepted[:40] + strings.Repeat("\x00", 100), err: "in line 2: neither a record nor padding"},
		{name: "blanks", content: sending + "\n   ", err: "in line 2: blanks follow"},
		{name: "damaged in the middle", content: sending[:40] + "\n" + accepted + "\n", err: "at byte 0, in line 1: the line is not a journal record"},
		{name: "another file", content: sending + "\nhello\n", err: "in line 2: the line is not a journal record"},
		{name: "an id for a path", content: sending + "\n" + strings.Replace(accepted, "job-1", "../x", 1) + "\n", err: "in line 2: the record has no valid request id"},
		{name: "accepted without an id", content: strings.Replace(accepted, "job-1", "", 1) + "\n", err: "no valid request id"},
		{name: "lines of the new format", content: strings.Replace(sending, "}", `,"sum":"0123456789abcdef"}`, 1) + "\n" + journalPadding, err: "not a journal record"},
	} {
		t.Run(test.name, func(t *testing.T) {
			j, path, err := openJournalOf(t, test.content)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "Restore the file") {
					t.Errorf("error %v, want %q", err, test.err)
				}
				offset := 0
				_, place, _ := strings.Cut(err.Error(), "at byte ")
				if _, err := fmt.Sscan(place, &offset); err != nil {
					t.Errorf("no place in %v", err)
				}
				if repair := fmt.Sprintf("head -c %d FILE)", offset); offset > 0 && strings.HasPrefix(test.content, "{\"key") &&
					!strings.Contains(err.Error(), repair) || offset == 0 && !strings.Contains(err.Error(), "move it away") {
					t.Errorf("error %v, want the repair %q", err, repair)
				}
				if _, _, err := openJournalOf(t, test.content[:offset]); offset > 0 && err != nil { // what the error advises
					t.Errorf("the repair does not help: %v", err)
				}
				if left, _ := os.ReadFile(path); string(left) != test.content {
					t.Errorf("a file that was refused is now %q", left)
				}
				return
			}
			for range 2 { // the second time nothing is left to repair
				if err != nil {
					t.Fatal(err)
				}
				got, found, err := j.Get(t.Context(), "k")
				if err != nil || found != (test.state != "") || got.State != test.state || got.RequestID != test.id {
					t.Errorf("state %q of job %q, %v, %v; want %q of %q", got.State, got.RequestID, found, err, test.state, test.id)
				}
				if err := j.Close(); err != nil {
					t.Error(err)
				}
				if j, err = OpenJournal(path); err != nil {
					t.Fatal(err)
				}
			}
			j.Close()
			if left, _ := os.ReadFile(path); !strings.HasPrefix(string(left), `{"journal":"genclient","version":2,"sum":"`) {
				t.Errorf("the file is %q", left)
			}
			if files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(files) > 0 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
}

// A paidKey is a key whose submit reached the API.
type paidKey struct {
	key, id string // id: "" if the API did not take the job
}

// usedJournal is the content of a journal in which submits ended in every way.
func usedJournal(t *testing.T) (content []byte, keys []paidKey) {
	t.Helper()
	j, path, err := openJournalOf(t, string(mustSeal(t)))
	if err != nil {
		t.Fatal(err)
	}
	lost := map[string]reply{"two  blanks": {drop: true}, "cut": {body: acceptedBody, cut: 1}, "refused": {status: 402}}
	for _, key := range []string{"a", "two  blanks", "refused", "cut", "z"} {
		c, f := answering(t, func(r received) reply {
			if r, ok := lost[key]; ok {
				return r
			}
			return reply{body: `{"request_id":"job-` + key + `"}`}
		}, WithJournal(j))
		_, _ = c.SubmitOnce(t.Context(), key, &input{Prompt: key})
		if f.posts() != 1 {
			t.Fatalf("%s: %d POSTs", key, f.posts())
		}
		r, _, _ := j.Get(t.Context(), key)
		if r.State == JournalStateRejected {
			continue
		}
		keys = append(keys, paidKey{key, r.RequestID})
	}
	j.Close()
	if content, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return content[:bytesUsed(content)+2*len(journalPadding)], keys
}

// mustSeal returns an empty journal.
func mustSeal(t *testing.T) []byte {
	line, _ := sealLine([]byte(journalHeader), "")
	return append(line, journalPadding...)
}

func bytesUsed(content []byte) int { return len(strings.TrimRight(string(content), " ")) }

// payAgain opens a damaged journal and submits every key once more. It reports
// whether the journal was refused.
func payAgain(t *testing.T, what string, content []byte, keys []paidKey) (refused bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "j.jsonl")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := OpenJournal(path)
	if err != nil {
		if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "is damaged at byte ") || !strings.Contains(err.Error(), "Restore the file from a copy") {
			t.Errorf("%s: the refusal does not name the place and the repair: %v", what, err)
		}
		return true
	}
	defer j.Close()
	c, f := answering(t, func(received) reply { return reply{body: `{"request_id":"second-charge"}`} }, WithJournal(j))
	for _, k := range keys {
		job, err := c.SubmitOnce(t.Context(), k.key, &input{Prompt: k.key})
		id := ""
		var doubt *AmbiguousSubmitError
		if job != nil {
			id = job.ID()
		} else if errors.As(err, &doubt) {
			id = doubt.RequestID()
		}
		if f.posts() > 0 || id != k.id && id != "" {
			t.Fatalf("%s: key %q leads to job %q, want %q (%v); %d second charges", what, k.key, id, k.id, err, f.posts())
		}
	}
	return false
}

// TestJournalDamage damages a journal at every byte: it is refused, or no key is
// charged again and none leads to another job.
func TestJournalDamage(t *testing.T) {
	content, keys := usedJournal(t)
	used := bytesUsed(content)
	if payAgain(t, "whole", content, keys) {
		t.Fatal("the journal is refused as it is")
	}
	for n := range content {
		after := string(content[n:])
		for name, damaged := range map[string]string{
			"cut":                  "",
			"zeros":                strings.Repeat("\x00", len(after)),
			"zeros, longer":        strings.Repeat("\x00", len(after)+1000),
			"a byte left out":      after[1:],
			"a blank":              " " + after[1:],
			"an end of line":       "\n" + after[1:],
			"an end of line more":  "\n" + after,
			"a byte more":          "x" + after,
			"a beginning":          "{" + after,
			"the lowest bit":       string(after[0]^1) + after[1:],
			"the case of a letter": string(after[0]^0x20) + after[1:],
			"the highest bit":      "\x80" + after[1:],
			"cut, then blanks":     strings.Repeat(" ", 1),
			"repeated":             string(content[:n][strings.LastIndexByte(string(content[:n]), '\n')+1:]) + after,
		} {
			if string(content[:n])+damaged == string(content) {
				continue
			}
			file := []byte(string(content[:n]) + damaged)
			_, err := parseJournal(file)
			refused := err != nil
			if !refused || n%97 == 0 { // opening is slower than reading
				refused = payAgain(t, fmt.Sprintf("%s at %d", name, n), file, keys)
			}
			harmless := n >= used && strings.Trim(damaged, " ") == "" && n+len(damaged) >= used+minPadding || n >= used-1 && (name == "a blank" || name == "a byte left out" || name == "a beginning") || // as a crash leaves it
				name == "repeated" && n > 0 && content[n-1] == '\n'
			if !refused && !harmless && damaged != after {
				t.Errorf("%s at %d of %d is not noticed", name, n, used)
			}
		}
	}
}

// TestJournalLines: lines that were removed, doubled or swapped do not pass.
func TestJournalLines(t *testing.T) {
	content, keys := usedJournal(t)
	lines := strings.SplitAfter(string(content), "\n")
	for i := range len(lines) - 1 {
		without := strings.Join(append(append([]string{}, lines[:i]...), lines[i+1:]...), "")
		twice := strings.Join(append(append([]string{}, lines[:i+1]...), lines[i:]...), "")
		for name, text := range map[string]string{"removed": without, "doubled": twice} {
			if i == len(lines)-2 && name == "removed" { // the file as it was before
				continue
			}
			if !payAgain(t, fmt.Sprint(name, i), []byte(text), keys) {
				t.Errorf("line %d, %s, is not noticed", i+1, name)
			}
		}
	}
}

// TestJournalTorn breaks the writing of an outcome off after each of its bytes: the
// blanks behind it are there by then. The key stays in doubt, with its job as soon as
// the whole id is written.
func TestJournalTorn(t *testing.T) {
	content, keys := usedJournal(t)
	used := bytesUsed(content)
	last := strings.LastIndexByte(string(content[:used-1]), '\n') + 1 // the outcome of key z
	whole := strings.Index(string(content[last:]), `"request_id":"job-z"`) + len(`"request_id":"job-z"`) + last
	for n := last; n < used; n++ {
		torn := string(content[:n]) + strings.Repeat(" ", len(content)-n)
		if payAgain(t, fmt.Sprintf("torn at %d", n), []byte(torn), keys) {
			t.Errorf("torn at %d: refused", n)
		}
		j, path, err := openJournalOf(t, torn)
		if err != nil {
			t.Fatal(err)
		}
		r, found, err := j.Get(t.Context(), "z")
		want := JournalRecord{State: JournalStateSending}
		switch {
		case n == used-1: // all but the end of the line
			want = JournalRecord{State: JournalStateAccepted, RequestID: "job-z"}
		case n >= whole:
			want = JournalRecord{State: JournalStateAmbiguous, RequestID: "job-z"}
		}
		if !found || err != nil || r.State != want.State || r.RequestID != want.RequestID {
			t.Errorf("torn at %d: %+v, want state %q of %q", n, r, want.State, want.RequestID)
		}
		// What follows is written over the rest.
		if ok, err := j.PutIfAbsent(t.Context(), record("new", 1, JournalStateSending)); !ok || err != nil {
			t.Errorf("torn at %d: %v, %v", n, ok, err)
		}
		j.Close()
		again, err := OpenJournal(path)
		if err != nil {
			t.Fatalf("torn at %d: %v", n, err)
		}
		if now, _, _ := again.Get(t.Context(), "z"); now != r {
			t.Errorf("torn at %d: opened again it is %+v, was %+v", n, now, r)
		}
		again.Close()
	}
}

// TestJournalUnderWay does something to the file of a journal that is open, before a
// submit or in the middle of one. Nothing is submitted that the file at its path will
// not know, and an id that comes is returned.
func TestJournalUnderWay(t *testing.T) {
	for _, test := range []struct {
		name   string
		do     func(path string, j *FileJournal) error
		err    string
		stored bool // in the middle of a submit: the outcome, in the file wherever it is
	}{
		{"moved", func(path string, _ *FileJournal) error { return os.Rename(path, path+".old") }, "moved or removed", true},
		{"removed", func(path string, _ *FileJournal) error { return os.Remove(path) }, "moved or removed", true},
		{"replaced", func(path string, _ *FileJournal) error {
			return errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, nil, 0o600))
		}, "moved or removed", true},
		{"emptied", func(path string, _ *FileJournal) error { return os.Truncate(path, 0) }, "something else has changed the file", false},
		{"appended to", func(path string, j *FileJournal) error { return os.Truncate(path, j.file.size+1) }, "something else has changed the file", false},
		{"closed", func(_ string, j *FileJournal) error { return j.Close() }, "the journal is closed", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			j, path, err := openJournalOf(t, string(mustSeal(t)))
			if err != nil {
				t.Fatal(err)
			}
			strike := false
			c, f := answering(t, func(r received) reply {
				if strike {
					if err := test.do(path, j); err != nil {
						t.Error(err)
					}
				}
				return reply{body: fmt.Sprintf(`{"request_id":"job-%d"}`, r.n)}
			}, WithJournal(j))
			job, err := c.SubmitOnce(t.Context(), "before", testInput())
			isAccepted(t, job, err)
			strike = true
			job, err = c.SubmitOnce(t.Context(), "during", testInput())
			e := as[*JournalError](t, err)
			if job == nil || job.ID() != "job-2" || e.Job() != job || e.Charged() != ChargedYes || e.Journal != path || !strings.Contains(err.Error(), test.err) ||
				!strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "keep its id") {
				t.Errorf("job %v, error %v", job, err)
			}
			strike = false
			_, err = c.SubmitOnce(t.Context(), "after", testInput())
			if as[*NotSentError](t, err); f.posts() != 2 || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%d POSTs: %v", f.posts(), err)
			}
			if r, _, err := j.Get(t.Context(), "during"); err == nil && (r.State == JournalStateAccepted) != test.stored {
				t.Errorf("record %+v", r)
			}
		})
	}
}

// TestJournalMovedBack: what was written to a file that lay elsewhere is there when
// it comes back.
func TestJournalMovedBack(t *testing.T) {
	j, path, err := openJournalOf(t, string(mustSeal(t)))
	if err != nil {
		t.Fatal(err)
	}
	c, f := answering(t, func(r received) reply {
		if r.n == 1 {
			_ = os.Rename(path, path+".old")
		}
		return reply{body: fmt.Sprintf(`{"request_id":"job-%d"}`, r.n)}
	}, WithJournal(j))
	_, err = c.SubmitOnce(t.Context(), "k", testInput())
	as[*JournalError](t, err)
	if err := os.Rename(path+".old", path); err != nil {
		t.Fatal(err)
	}
	job, err := c.SubmitOnce(t.Context(), "k", testInput())
	isAccepted(t, job, err)
	if _, err := c.SubmitOnce(t.Context(), "l", testInput()); err != nil || f.posts() != 2 {
		t.Errorf("%d POSTs: %v", f.posts(), err)
	}
	j.Close()
	again, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for key, id := range map[string]string{"k": "job-1", "l": "job-2"} {
		if r, _, _ := again.Get(t.Context(), key); r.State != JournalStateAccepted || r.RequestID != id {
			t.Errorf("%s: %+v", key, r)
		}
	}
}

// TestJournalWriteFails: after a write of which nobody knows what it left, the
// journal takes nothing more.
func TestJournalWriteFails(t *testing.T) {
	j, path, err := openJournalOf(t, string(mustSeal(t)))
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := j.PutIfAbsent(t.Context(), record("a", 1, JournalStateSending)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	j.file.file.Close()
	if j.file.file, err = os.Open(path); err != nil { // for reading only
		t.Fatal(err)
	}
	for range 2 {
		if ok, err := j.CompareAndSwap(t.Context(), 1, record("a", 2, JournalStateAccepted)); ok || err == nil {
			t.Errorf("CompareAndSwap: %v, %v", ok, err)
		}
	}
	if r, found, err := j.Get(t.Context(), "a"); !found || err != nil || r.State != JournalStateSending {
		t.Errorf("Get: %+v, %v, %v", r, found, err)
	}
}

// TestJournalIsOneFile: links lead to the file, and what is no regular file is
// refused without waiting for it.
func TestJournalIsOneFile(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "j.jsonl"), filepath.Join(dir, "link")
	if err := os.WriteFile(path, []byte(`{"key":"k","revision":1,"state":"sending","request":"r","model":"m","origin":"o"}`+"\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	j, err := OpenJournal(link)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if _, err := OpenJournal(path); err == nil || !strings.Contains(err.Error(), "open in another process") {
		t.Errorf("opened by two names: %v", err)
	}
	if info, _ := os.Lstat(link); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced by the rewritten file")
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v", info.Mode())
	}
	if _, err := OpenJournal(dir); err == nil {
		t.Error("opened a folder")
	}
}

// TestJournalLine holds the lines to their form: no two blanks in a row, and any
// change of any byte is noticed.
func TestJournalLine(t *testing.T) {
	r := record("a   key\twith  blanks    ", 1, JournalStateSending)
	object, err := encodeJSON(r)
	if err != nil {
		t.Fatal(err)
	}
	line, sum := sealLine(object, "before")
	if strings.Contains(string(line), "  ") || !json.Valid(line) || strings.Count(string(line), "\n") != 1 {
		t.Errorf("line %q", line)
	}
	opened, got, err := openLine(line, "before")
	if err != nil || got != sum {
		t.Fatal(got, err)
	}
	back, err := readRecord(append(opened, '}'), false)
	if diff := cmp.Diff(r, back); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, _, err := openLine(line, "another"); err == nil {
		t.Error("a line passes behind another one")
	}
}

// BenchmarkJournal measures a keyed submit's two records.
func BenchmarkJournal(b *testing.B) {
	j, err := OpenJournal(filepath.Join(b.TempDir(), "j.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	ctx := context.Background()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := record(fmt.Sprint(i), 1, JournalStateSending)
		if ok, err := j.PutIfAbsent(ctx, r); !ok || err != nil {
			b.Fatal(ok, err)
		}
		r.Revision, r.State, r.RequestID = 2, JournalStateAccepted, "job-1"
		if ok, err := j.CompareAndSwap(ctx, 1, r); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// TestJournalRepair follows the words of a refusal: the file is then read up to the
// damage, and takes records again.
func TestJournalRepair(t *testing.T) {
	content, _ := usedJournal(t)
	lines := strings.SplitAfter(string(content), "\n")
	whole := strings.Join(lines[:3], "") // header, intent and outcome of key a
	_, _, err := openJournalOf(t, whole+strings.Join(lines[4:], ""))
	want := fmt.Sprintf("replace all from byte %d on by 64 blanks (head -c %[1]d FILE; printf '%%64s' '')", len(whole))
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("error %v, want %q", err, want)
	}
	j, _, err := openJournalOf(t, whole+fmt.Sprintf("%64s", ""))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, _ := j.Get(t.Context(), "a"); r.RequestID != "job-a" {
		t.Errorf("record %+v", r)
	}
	if ok, err := j.PutIfAbsent(t.Context(), record("new", 1, JournalStateSending)); !ok || err != nil {
		t.Errorf("PutIfAbsent: %v, %v", ok, err)
	}
}
