package mock_test

import (
	"fmt"
	"math"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genclient/genclient/mock"
	"github.com/genclient/genclient/templates/client"
)

// TestPolling waits for log-normal jobs on the virtual clock, through the
// whole client and the whole emulator, and compares reads and the time until
// the end is seen with those of fixed intervals. The inputs are of no kind, so
// that jobs are expected to run for 120 s.
func TestPolling(t *testing.T) {
	const sigma = 0.35
	jobs := 200
	if os.Getenv(soakJobsVariable) != "" {
		jobs = 4000
	}
	for _, c := range []struct {
		name            string
		median          time.Duration
		reads, maxDelay float64 // the most that are right on average
	}{
		{"90 s", 90 * time.Second, 17, 4.5},
		{"600 s", 600 * time.Second, 62, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, mock.WithInMemory(), mock.WithSpeed(1), mock.WithDuration(mock.OutputImage, c.median, sigma))
				cl := client.New(s.Token(), client.WithBaseURL(s.URL()), client.WithHTTPClient(s.Client()))
				var delay float64
				var durations []float64
				for i := range jobs {
					begin := time.Now()
					job, err := cl.Submit(t.Context(), &soakInput{Prompt: soakKey(i)})
					if err != nil {
						t.Fatal(err)
					}
					res, err := job.Wait(t.Context(), client.MaxWait(6*time.Hour))
					if err != nil {
						t.Fatal(err)
					}
					delay += time.Since(res.FinishedAt).Seconds() / float64(jobs)
					durations = append(durations, res.FinishedAt.Sub(begin).Seconds())
				}
				reads := float64(s.Count(mock.Status)+s.Count(mock.Result)) / float64(jobs)
				text := fmt.Sprintf("%d jobs of %v: %.1f reads, %.2f s delay", jobs, c.median, reads, delay)
				for _, step := range []float64{2, 5} {
					r, d := fixedPolling(durations, step)
					text += fmt.Sprintf("; every %v s: %.1f reads, %.2f s", step, r, d)
					if reads >= r {
						t.Errorf("%.1f reads, no fewer than the %.1f of polling every %v s", reads, r, step)
					}
				}
				t.Log(text)
				if reads > c.reads || delay > c.maxDelay {
					t.Errorf("%.1f reads and %.2f s, at most %v and %v s are right", reads, delay, c.reads, c.maxDelay)
				}
			})
		})
	}
}

// fixedPolling is the mean of reads and delay when every job is read each step
// seconds.
func fixedPolling(durations []float64, step float64) (reads, delay float64) {
	for _, d := range durations {
		n := math.Ceil(d / step)
		reads += n / float64(len(durations))
		delay += (n*step - d) / float64(len(durations))
	}
	return reads, delay
}
