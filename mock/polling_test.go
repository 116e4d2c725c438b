package mock_test

import (
	"fmt"
	"math"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genclient/genclient/generated/runcomfy"
	"github.com/genclient/genclient/mock"
)

// TestPolling waits for log-normal video jobs on the virtual clock, through a
// generated client and the whole emulator, and compares reads and the time until
// the end is seen with those of fixed intervals.
func TestPolling(t *testing.T) {
	const sigma = 0.35
	jobs := 400
	if os.Getenv(soakJobsVariable) != "" {
		jobs = 4000
	}
	for _, c := range []struct {
		name               string
		median             time.Duration
		maxReads, maxDelay float64
	}{
		{"video", 90 * time.Second, 17, 3.8},
		{"long", 600 * time.Second, 65, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := mock.New(t, mock.WithInMemory(), mock.WithSpeed(1), mock.WithDuration(mock.OutputKindVideo, c.median, sigma))
				client := runcomfy.New(s.Token(), runcomfy.WithBaseURL(s.URL()), runcomfy.WithHTTPClient(s.Client()))
				var delay float64
				var durations []float64
				for i := range jobs {
					begin := time.Now()
					res, err := client.Kling2_6ProTextToVideo(t.Context(), &runcomfy.Kling2_6ProTextToVideoInput{Prompt: soakKey(i)}, runcomfy.MaxWait(6*time.Hour))
					if err != nil {
						t.Fatal(err)
					}
					delay += time.Since(res.FinishedAt).Seconds() / float64(jobs)
					durations = append(durations, res.FinishedAt.Sub(begin).Seconds())
				}
				reads := float64(s.Count(mock.CallStatus)+s.Count(mock.CallResult)) / float64(jobs)
				text := fmt.Sprintf("%d jobs of %v: %.1f reads, %.2f s delay", jobs, c.median, reads, delay)
				for _, step := range []float64{2, 5} {
					r, d := fixedPolling(durations, step)
					text += fmt.Sprintf("; every %v s: %.1f reads, %.2f s", step, r, d)
					if reads >= r {
						t.Errorf("%.1f reads, no fewer than the %.1f of polling every %v s", reads, r, step)
					}
				}
				t.Log(text)
				if reads > c.maxReads || delay > c.maxDelay {
					t.Errorf("%.1f reads and %.2f s, at most %v and %v s are right", reads, delay, c.maxReads, c.maxDelay)
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
