package mock_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/genclient/genclient/mock"
	"github.com/genclient/genclient/templates/client"
)

// TestSoakKills kills a batch with a journal again and again, in submits and in
// reads, at full length a batch of 200 thirty times. It settles the keys in doubt by
// what the server knows and runs the batch to its end: no key is charged twice, and
// each leads to its own job.
func TestSoakKills(t *testing.T) {
	jobs, kills := 50, 5
	if os.Getenv(soakJobsVariable) != "" {
		jobs, kills = 200, 30
	}
	k := &killer{every: 6, most: kills, at: make(chan struct{}, kills)}
	s := newServer(t, mock.WithIntentKey("prompt"), mock.WithConcurrency(1000), mock.WithScript(k.watch),
		mock.WithFaultRate(mock.CallSubmit, 0.1, mock.Gzip()), mock.WithFaultRate(mock.CallSubmit, 0.03, mock.ResetAnswer()),
		mock.WithFaultRate(mock.CallSubmit, 0.03, mock.CutAnswer(70)))
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	plan, err := json.Marshal(soakPlan{URL: s.URL(), Token: s.Token(), Journal: path, Folder: t.TempDir(), Jobs: jobs, InFlight: 4})
	if err != nil {
		t.Fatal(err)
	}
	killed, settled, collected := 0, 0, map[string]string{}
	for again := true; again; {
		var report []byte
		for report == nil {
			report = soakRun(t, string(plan), k.at, &killed)
		}
		for lines := bufio.NewScanner(bytes.NewReader(report)); lines.Scan(); {
			var o soakOutcome
			if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
				t.Fatal(err)
			}
			collected[o.Key] = o.RequestID
		}
		n := settleByLedger(t, s, path)
		settled += n
		again = n > 0 && !t.Failed()
	}
	charges := map[string]int{}
	for _, c := range s.Ledger() {
		if charges[c.Intent]++; charges[c.Intent] > 1 || collected[c.Intent] != c.RequestID {
			t.Errorf("%s: charged %d times, now as %s, collected %q", c.Intent, charges[c.Intent], c.RequestID, collected[c.Intent])
		}
	}
	if killed != kills || len(charges) != jobs {
		t.Errorf("%d kills, want %d; %d keys charged, want %d", killed, kills, len(charges), jobs)
	}
	t.Logf("%d kills, %d keys in doubt were settled, %d submits on the wire, %d charges", killed, settled, s.Count(mock.CallSubmit), len(s.Ledger()))
}

// settleByLedger settles every key in doubt of a journal as a person does who looks
// into the account's history. It returns how many there were.
func settleByLedger(t *testing.T, s *mock.Server, path string) (settled int) {
	t.Helper()
	charged := map[string]string{} // id by key
	for _, c := range s.Ledger() {
		charged[c.Intent] = c.RequestID
	}
	j, err := client.OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for r, err := range j.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		id, paid := charged[r.Key]
		if r.RequestID != "" && r.RequestID != id {
			t.Errorf("%s: the journal has job %s, charged as %q", r.Key, r.RequestID, id)
		}
		if !r.InDoubt() {
			continue
		}
		if settled++; paid {
			err = client.SettleAccepted(t.Context(), j, r.Key, id)
		} else {
			err = client.SettleNotAccepted(t.Context(), j, r.Key)
		}
		if err != nil {
			t.Error(err)
		}
	}
	return settled
}
