package mock

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// check returns an error if f cannot strike at a call: a test that waits for
// such a fault would pass without it.
func (f Fault) check(call Call) error {
	if err := f.valid(); err != nil {
		return err
	}
	switch {
	case !slices.Contains(calls(), call):
		return fmt.Errorf("unknown call %q", call)
	case f.isZero():
	case (f.point == pointRefuse) != (call == CallConnect):
		return fmt.Errorf("this fault cannot strike at %s: Refused belongs to CallConnect, and no other fault does", call)
	case f.twist.isSet() && call != CallSubmit:
		return fmt.Errorf("this fault cannot strike at %s: the faults of a job belong to CallSubmit", call)
	case f.point == pointChange && call != CallMedia:
		return fmt.Errorf("this fault cannot strike at %s: ChangeMedia belongs to CallMedia", call)
	case (f.point == pointGzip || f.point == pointMember || f.point == pointMalformed) && call == CallMedia:
		return errors.New("this fault cannot strike at media: Gzip, AddMember and Malformed belong to answers in JSON")
	case f.point == pointCutID && call == CallMedia:
		return errors.New("this fault cannot strike at media: a media file has no request id")
	}
	return nil
}

// valid returns an error if f contradicts itself, wherever it strikes.
func (f Fault) valid() error {
	answers := f.point == pointReplace
	switch {
	case f.bytes < 0:
		return fmt.Errorf("a fault after %d bytes", f.bytes)
	case min(f.delay, f.twist.least()) < 0:
		return fmt.Errorf("a fault of a negative duration, %v", min(f.delay, f.twist.least()))
	case f.twist.failure != nil && !json.Valid(f.twist.failure):
		return fmt.Errorf("the payload of Fails is not JSON: %q", f.twist.failure)
	case f.twist.output != nil && !json.Valid(f.twist.output):
		return fmt.Errorf("the value of Outputs is not JSON: %q", f.twist.output)
	case f.point == pointMalformed && f.around == [3]string{}:
		return errors.New("Malformed adds nothing")
	case f.point == pointMember && !json.Valid([]byte("{"+f.member+"}")):
		return fmt.Errorf("AddMember makes no JSON: %s", f.member)
	case answers && (f.answer.status < 200 || f.answer.status > 599):
		return fmt.Errorf("an answer with status %d, which is not within 200 and 599", f.answer.status)
	case !answers && (f.accept || f.early || len(f.answer.header) > 0):
		return errors.New("AfterAcceptance, BeforeBody and With belong to Answer and its kin")
	case f.accept && f.early:
		return errors.New("an answer cannot come before the body and after the acceptance")
	}
	return nil
}

// calls are the kinds of requests that a fault may name.
func calls() []Call {
	return []Call{CallConnect, CallSubmit, CallStatus, CallResult, CallCancel, CallModels,
		CallModelInfo, CallCategories, CallMedia, CallUnknown}
}
