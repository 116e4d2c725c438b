package mock

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// foreignStep is how long one job of another user stays at the head of the queue.
const foreignStep = 2 * time.Second

// A job is planned when it is accepted; its state at any time follows from the
// plan, so that nothing runs in the background.
type job struct {
	id      string
	model   Model
	foreign time.Time // when the jobs of other users before it have gone
	run     time.Duration
	created time.Time
	start   time.Time
	end     time.Time
	slot    int
	twist   twist

	canceled time.Time
}

// twist is what is odd in the life of a job.
type twist struct {
	state      string          // reported instead of in_progress
	end        string          // reported instead of completed, failed or cancelled
	backwards  bool            // falls back to in_queue in the middle of its run
	output     json.RawMessage // completes with this output
	failure    json.RawMessage // ends as failed with this error
	invisible  time.Duration   // not found for this long after acceptance
	lateResult time.Duration   // its result is not found for this long after its end
	lateOutput time.Duration   // its output is null for this long after its end
	lateFiles  time.Duration   // its files are not found for this long after its end
}

// isSet reports whether anything is odd.
func (t twist) isSet() bool {
	return t.state != "" || t.end != "" || t.backwards || t.output != nil || t.failure != nil ||
		t.invisible != 0 || t.lateResult != 0 || t.lateOutput != 0 || t.lateFiles != 0
}

// least returns the shortest of its times.
func (t twist) least() time.Duration {
	return min(t.invisible, t.lateResult, t.lateOutput, t.lateFiles)
}

// queue plans jobs onto a fixed number of slots, first come first served.
type queue struct {
	speed     float64
	backlog   int
	durations map[OutputKind]duration
	jobs      map[string]*job
	waiting   []*job      // accepted, in order; those that have started are dropped lazily
	free      []time.Time // when each slot ends the last job planned onto it
}

func (q *queue) init(c config) {
	*q = queue{speed: c.speed, backlog: c.backlog, durations: c.durations,
		jobs: make(map[string]*job), free: make([]time.Time, c.concurrency)}
}

func (q *queue) scale(d time.Duration) time.Duration { return time.Duration(float64(d) / q.speed) }

// add accepts a job at now.
func (q *queue) add(m Model, tw twist, now time.Time, rng *rand.Rand) *job {
	dist, ok := q.durations[m.Output]
	if !ok {
		dist = q.durations[OutputKindOther]
	}
	run := time.Duration(float64(dist.median) * math.Exp(dist.sigma*rng.NormFloat64()))
	j := &job{
		id: newID(rng), model: m, created: now, run: q.scale(run), twist: tw,
		foreign: now.Add(time.Duration(q.backlog) * q.scale(foreignStep)),
	}
	q.drop(now)
	q.plan(j, now)
	q.waiting = append(q.waiting, j)
	q.jobs[j.id] = j
	return j
}

// plan puts a job that waits at now onto the slot that is free first.
func (q *queue) plan(j *job, now time.Time) {
	j.slot = 0
	for i, t := range q.free {
		if t.Before(q.free[j.slot]) {
			j.slot = i
		}
	}
	j.start = now
	for _, t := range []time.Time{j.foreign, q.free[j.slot]} {
		if t.After(j.start) {
			j.start = t
		}
	}
	j.end = j.start.Add(j.run)
	q.free[j.slot] = j.end
}

// drop forgets jobs at the head that no longer wait.
func (q *queue) drop(now time.Time) {
	q.waiting = slices.DeleteFunc(q.waiting, func(j *job) bool { return !now.Before(j.start) })
}

// cancel takes a waiting job out of the queue, and those behind it move up.
// It reports whether the job was still waiting.
func (q *queue) cancel(j *job, now time.Time) bool {
	if !j.canceled.IsZero() || !now.Before(j.start) {
		return false
	}
	j.canceled = now
	q.drop(now)
	for i := range q.free {
		q.free[i] = time.Time{}
	}
	for _, other := range q.jobs {
		if other.canceled.IsZero() && !now.Before(other.start) && other.end.After(q.free[other.slot]) {
			q.free[other.slot] = other.end
		}
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(other *job) bool { return other == j })
	for _, other := range q.waiting {
		q.plan(other, now)
	}
	return true
}

// position is the number of jobs before j in the queue, 0 for the next to start.
func (q *queue) position(j *job, now time.Time) int {
	q.drop(now)
	ahead := slices.Index(q.waiting, j)
	if rest := j.foreign.Sub(now); rest > 0 {
		step := q.scale(foreignStep)
		ahead += int((rest + step - 1) / step)
	}
	return max(ahead, 0)
}

// reported is the status of a job at now as the API spells it to its client.
func (j *job) reported(now time.Time) string {
	state := j.state(now)
	ended := state == "completed" || state == "failed" || state == "cancelled"
	if ended && j.twist.end != "" {
		return j.twist.end
	}
	return state
}

// state is the status of a job at now, its end in the documented spelling.
func (j *job) state(now time.Time) string {
	switch {
	case !j.canceled.IsZero():
		return "cancelled"
	case now.Before(j.start):
		return "in_queue"
	case now.Before(j.end):
		done := now.Sub(j.start)
		if j.twist.backwards && done > j.run/3 && done < j.run*2/3 {
			return "in_queue"
		}
		if j.twist.state != "" {
			return j.twist.state
		}
		return "in_progress"
	case j.twist.failure != nil:
		return "failed"
	}
	return "completed"
}

// newID returns a random request id in the form of a UUID.
func newID(rng *rand.Rand) string {
	var b [16]byte
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
