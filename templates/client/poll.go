package client

import (
	"math"
	"math/rand/v2"
	"time"
)

// The pace of waiting minimises reads x readWeight + delay, where the delay is
// the time from the end of a job to the read that sees it. For a job that may
// end at any moment within T, that sum is least at intervals of
// sqrt(2 x readWeight x T).
const (
	readWeight = 250 * time.Millisecond
	firstRead  = 1500 * time.Millisecond
)

// interval returns the time from one read to the next.
//
// position is the place in the queue, -1 when unknown; running the time since
// the job was first seen out of the queue, elapsed the time since it was
// accepted, expected the usual duration of a job of its kind.
func interval(state State, position int, running, elapsed, expected time.Duration) time.Duration {
	var d time.Duration
	switch {
	case state == StateQueued && position < 0:
		d = clamp(bestInterval(elapsed), firstRead, 10*time.Second)
	case state == StateQueued:
		d = clamp(time.Second+time.Duration(min(position, 100))*(time.Second/2), firstRead, 10*time.Second)
	case running <= 2*expected:
		d = clamp(bestInterval(expected), time.Second, 15*time.Second)
	default:
		d = min(bestInterval(running), 20*time.Second)
	}
	return min(d, max(3*time.Second, elapsed))
}

// bestInterval returns sqrt(2 x readWeight x t).
func bestInterval(t time.Duration) time.Duration {
	return time.Duration(math.Sqrt(2*readWeight.Seconds()*t.Seconds()) * float64(time.Second))
}

// jitter returns d plus or minus up to 10 %, so that many jobs started
// together are not read together.
func jitter(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/5+1)
}

// beforeDeadline shortens the time to the next read so that one read is left
// shortly before a wait must end.
func beforeDeadline(d, remaining time.Duration) time.Duration {
	const margin, least = 2 * time.Second, time.Second
	return min(d, max(remaining-margin, least))
}

func clamp(d, low, high time.Duration) time.Duration { return min(max(d, low), high) }
