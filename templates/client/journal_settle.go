package client

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// SettleAccepted writes what a person found out about a key in doubt: that its
// submit was accepted as the job requestID. The key then leads to that job. A key
// that leads to it already is left as it is. The error is a *JournalError.
func SettleAccepted(ctx context.Context, j Journal, key, requestID string) error {
	if !validRequestID(requestID) {
		return settleError(j, key, errors.New("a request id is 1 to 128 of the characters A-Z a-z 0-9 _ -"))
	}
	return settleKey(ctx, j, key, JournalStateAccepted, requestID)
}

// SettleNotAccepted writes that the submit of a key in doubt was not accepted, as
// the account's history shows. The same request may then use the key again, and is
// charged: be sure. The error is a *JournalError.
func SettleNotAccepted(ctx context.Context, j Journal, key string) error {
	return settleKey(ctx, j, key, JournalStateRejected, "")
}

func settleKey(ctx context.Context, j Journal, key string, state JournalState, requestID string) error {
	old, found, err := j.Get(ctx, key)
	switch {
	case err != nil:
		return settleError(j, key, err)
	case !found:
		return settleError(j, key, errors.New("the journal has no such key"))
	case old.State == state && old.RequestID == requestID:
		return nil
	case !old.InDoubt():
		return settleError(j, key, fmt.Errorf("the key is not in doubt: its state is %s%s", old.State, ofJob(old.RequestID)))
	}
	next := old
	next.Revision++
	next.State, next.RequestID, next.Updated = state, requestID, time.Now().UTC()
	next.Reason = "settled by a person"
	stored, err := j.CompareAndSwap(ctx, old.Revision, next)
	if err == nil && !stored {
		err = errors.New("the record has changed meanwhile: look at it again")
	}
	if err != nil {
		return settleError(j, key, err)
	}
	return nil
}

func ofJob(id string) string {
	if id == "" {
		return ""
	}
	return ", of job " + id
}

func settleError(j Journal, key string, err error) error {
	causes := newCauses(func(s string) string { return redact(s, nil) }, err)
	return &JournalError{Journal: journalName(j), Key: key, causes: causes}
}
