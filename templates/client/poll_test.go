package client

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestPollingSimulation measures the pace of waiting on a virtual clock beside
// polling at fixed intervals: 4,000 jobs of each kind with log-normal durations.
func TestPollingSimulation(t *testing.T) {
	const jobs, sigma = 4000, 0.35
	for _, test := range []struct {
		name               string
		kind               OutputKind
		typical            time.Duration
		maxReads, maxDelay float64 // the goals; 0 for none
	}{
		{"image", OutputKindImage, 8 * time.Second, 6, 1.3},
		{"video", OutputKindVideo, 90 * time.Second, 17, 3.8},
		{"long", OutputKindVideo, 600 * time.Second, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			measure := func(next func(elapsed time.Duration) time.Duration) (reads, delay float64) {
				r := rand.New(rand.NewPCG(1, 2))
				for range jobs {
					ends := time.Duration(float64(test.typical) * math.Exp(sigma*r.NormFloat64()))
					at := next(0)
					n := 1
					for at < ends {
						at += next(at)
						n++
					}
					reads += float64(n) / jobs
					delay += (at - ends).Seconds() / jobs
				}
				return reads, delay
			}
			expected := test.kind.expectedDuration()
			reads, delay := measure(func(elapsed time.Duration) time.Duration {
				if elapsed == 0 {
					return firstRead
				}
				// The first read sees the job run.
				return jitter(interval(StateRunning, -1, elapsed-firstRead, elapsed, expected))
			})
			t.Logf("%s: adaptive %.1f reads, %.2f s of delay", test.name, reads, delay)
			for _, every := range []time.Duration{2 * time.Second, 5 * time.Second} {
				r, d := measure(func(time.Duration) time.Duration { return every })
				t.Logf("%s: every %v %.1f reads, %.2f s of delay", test.name, every, r, d)
			}
			if test.maxReads > 0 && (reads > test.maxReads || delay > test.maxDelay) {
				t.Errorf("%.2f reads and %.2f s of delay, want at most %g and %g", reads, delay, test.maxReads, test.maxDelay)
			}
		})
	}
}

func TestInterval(t *testing.T) {
	const s = time.Second
	for _, test := range []struct {
		state                      State
		position                   int
		running, elapsed, expected time.Duration
		want                       time.Duration
	}{
		{StateQueued, 0, 0, 100 * s, 90 * s, 1500 * time.Millisecond},
		{StateQueued, 4, 0, 100 * s, 90 * s, 3 * s},
		{StateQueued, 1 << 30, 0, 100 * s, 90 * s, 10 * s},
		{StateQueued, 50, 0, 4 * s, 90 * s, 4 * s}, // never longer than the elapsed time
		{StateQueued, -1, 0, 32 * s, 90 * s, 4 * s},
		{StateRunning, -1, 2 * s, 4 * s, 10 * s, 2236067977},
		{StateRunning, -1, s, s, 120 * s, 3 * s},
		{StateUnknown, -1, 0, 100 * s, 50 * s, 5 * s},
		{StateRunning, -1, 200 * s, 200 * s, 50 * s, 10 * s},
		{StateRunning, -1, 5000 * s, 5000 * s, 50 * s, 20 * s},
	} {
		got := interval(test.state, test.position, test.running, test.elapsed, test.expected)
		if (got - test.want).Abs() > time.Millisecond {
			t.Errorf("interval(%v, %d, %v, %v, %v) = %v, want %v", test.state, test.position, test.running, test.elapsed, test.expected, got, test.want)
		}
	}
	for range 1000 {
		if d := jitter(10 * s); d < 9*s || d > 11*s {
			t.Fatalf("jitter(10s) = %v", d)
		}
	}
	for _, test := range []struct{ d, remaining, want time.Duration }{
		{5 * s, 100 * s, 5 * s}, {5 * s, 6 * s, 4 * s}, {5 * s, 2 * s, s}, {5 * s, s / 2, s},
	} {
		if got := beforeDeadline(test.d, test.remaining); got != test.want {
			t.Errorf("beforeDeadline(%v, %v) = %v, want %v", test.d, test.remaining, got, test.want)
		}
	}
}
