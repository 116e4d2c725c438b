package client

import (
	"context"
	"sync"
	"time"
)

// A readBudget is a token bucket over all reads of a client. Its rate halves
// with every 429 and comes back by a tenth of the full rate with every success.
type readBudget struct {
	full, burst float64

	mu     sync.Mutex
	rate   float64
	tokens float64 // negative: as many callers wait already
	last   time.Time
}

// newReadBudget returns a budget of perSecond reads, burst of them at once.
func newReadBudget(perSecond float64, burst int) *readBudget {
	full, most := max(perSecond, 0.01), float64(max(burst, 1))
	return &readBudget{full: full, burst: most, rate: full, tokens: most}
}

// wait takes one read out of the budget, waiting for it if need be. The error
// is that of ctx.
func (b *readBudget) wait(ctx context.Context) error {
	if !sleep(ctx, b.take(time.Now())) {
		b.giveBack()
		return ctx.Err()
	}
	return nil
}

// take takes one read and returns how long it is to be waited for.
func (b *readBudget) take(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.last.IsZero() {
		b.tokens = min(b.burst, b.tokens+b.rate*now.Sub(b.last).Seconds())
	}
	b.last = now
	b.tokens--
	if b.tokens >= 0 {
		return 0
	}
	return time.Duration(-b.tokens / b.rate * float64(time.Second))
}

func (b *readBudget) giveBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens = min(b.burst, b.tokens+1)
}

func (b *readBudget) throttled() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rate = max(b.rate/2, b.full/64)
}

func (b *readBudget) succeeded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rate = min(b.full, b.rate+b.full/10)
}
