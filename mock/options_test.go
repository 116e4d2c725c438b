package mock_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genclient/genclient/mock"
)

// TestMisplacedOptions: what could never have an effect is refused, instead of
// making a test that proves nothing.
func TestMisplacedOptions(t *testing.T) {
	for name, c := range map[string]struct {
		opt  mock.Option
		want string
	}{
		"Refused on Submit":       {mock.WithFault(mock.CallSubmit, 1, mock.Refused()), "belongs to CallConnect"},
		"HangUp on Connect":       {mock.WithFault(mock.CallConnect, 1, mock.HangUp()), "belongs to CallConnect"},
		"Fails on Status":         {mock.WithFault(mock.CallStatus, 1, mock.Fails(`{}`)), "belong to CallSubmit"},
		"ChangeMedia on Result":   {mock.WithFault(mock.CallResult, 1, mock.ChangeMedia()), "belongs to CallMedia"},
		"CutRequestID on Media":   {mock.WithFault(mock.CallMedia, 1, mock.CutRequestID()), "no request id"},
		"Gzip on Media":           {mock.WithFault(mock.CallMedia, 1, mock.Gzip()), "belong to answers in JSON"},
		"AddMember on Media":      {mock.WithFault(mock.CallMedia, 1, mock.AddMember("a", "1")), "belong to answers in JSON"},
		"AddMember with no JSON":  {mock.WithFault(mock.CallSubmit, 1, mock.AddMember("a", "b")), "makes no JSON"},
		"misplaced rate":          {mock.WithFaultRate(mock.CallStatus, 1, mock.NoOutput()), "belong to CallSubmit"},
		"unknown call":            {mock.WithFault("sumbit", 1, mock.HangUp()), `unknown call "sumbit"`},
		"Malformed on Media":      {mock.WithFault(mock.CallMedia, 1, mock.Malformed("a", "", "")), "belong to answers in JSON"},
		"Malformed with nothing":  {mock.WithFault(mock.CallSubmit, 1, mock.Malformed("", "", "")), "adds nothing"},
		"Outputs with no JSON":    {mock.WithFault(mock.CallSubmit, 1, mock.Outputs("b")), "not JSON"},
		"negative lag":            {mock.WithFault(mock.CallSubmit, 1, mock.LateOutput(-time.Second)), "negative duration, -1s"},
		"negative n":              {mock.WithFault(mock.CallSubmit, -1, mock.HangUp()), "request -1"},
		"negative bytes":          {mock.WithFault(mock.CallSubmit, 1, mock.Truncate(-1)), "-1 bytes"},
		"negative delay":          {mock.WithFault(mock.CallSubmit, 1, mock.Slow(-time.Second)), "negative duration, -1s"},
		"Fails with no JSON":      {mock.WithFault(mock.CallSubmit, 1, mock.Fails(`not json`)), "not JSON"},
		"status":                  {mock.WithFault(mock.CallSubmit, 1, mock.Answer(99, "")), "status 99"},
		"HangUp afterwards":       {mock.WithFault(mock.CallSubmit, 1, mock.HangUp().AfterAcceptance()), "belong to Answer"},
		"before and after":        {mock.WithFault(mock.CallSubmit, 1, mock.Answer(500, "").BeforeBody().AfterAcceptance()), "cannot come before"},
		"NaN as a rate":           {mock.WithFaultRate(mock.CallSubmit, math.NaN(), mock.HangUp()), "fault rate NaN"},
		"no script":               {mock.WithScript(nil), "without a script"},
		"negative backlog":        {mock.WithBacklog(-3), "backlog -3"},
		"negative duration":       {mock.WithDuration(mock.OutputKindVideo, -time.Second, 0), "duration -1s"},
		"negative link lifetime":  {mock.WithLinkLifetime(-time.Second), "lifetime -1s"},
		"output kind":             {mock.WithDuration("vidoe", time.Second, 0), `output kind "vidoe"`},
		"speed":                   {mock.WithSpeed(math.Inf(1)), "speed +Inf"},
		"NaN as a speed":          {mock.WithSpeed(math.NaN()), "speed NaN"},
		"no token":                {mock.WithToken(""), "token is empty"},
		"no models":               {mock.WithModels(), "without a model"},
		"model without id":        {mock.WithModels(mock.Model{}), "without an id"},
		"one model twice":         {mock.WithModels(mock.Model{ID: "a"}, mock.Model{ID: "a"}), `two models with the id "a"`},
		"kind of a model":         {mock.WithModels(mock.Model{ID: "a", Output: "vidoe"}), `output kind "vidoe"`},
		"schema of a model":       {mock.WithModels(mock.Model{ID: "a", InputSchema: []byte("{")}), "schema is not JSON"},
		"media origin, no scheme": {mock.WithMediaOrigin("cdn.runcomfy.net"), "media origin"},
		"media origin, path":      {mock.WithMediaOrigin("https://cdn.runcomfy.net/"), "media origin"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := mock.NewServer(samples, c.opt)
			if err == nil {
				_ = s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestMisplacedFaultOfScript: Check tells of a fault that a script returns where
// it cannot strike. A script that breaks whatever comes need not know that
// connections come too.
func TestMisplacedFaultOfScript(t *testing.T) {
	for name, c := range map[string]struct {
		fault mock.Fault
		want  string
	}{
		"HangUp everywhere": {mock.HangUp(), "<nil>"},
		"impossible":        {mock.Truncate(-1), "mock: a script's fault: a fault after -1 bytes"},
		"job of a read":     {mock.NoOutput(), "mock: a script's fault: this fault cannot strike at categories: the faults of a job belong to CallSubmit"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := mock.NewServer(samples, mock.WithScript(func(mock.Request) mock.Fault { return c.fault }))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			_, _ = send(s, "GET", "/v1/models/categories", "")
			if got := fmt.Sprint(s.Check()); got != c.want {
				t.Errorf("Check: %s, want %s", got, c.want)
			}
		})
	}
}

// TestBadOptions: all of them are reported at once.
func TestBadOptions(t *testing.T) {
	_, err := mock.NewServer(mock.WithSpeed(0), mock.WithConcurrency(0), mock.WithFaultRate(mock.CallSubmit, 2, mock.HangUp()), mock.WithScenario("nonsense"))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"speed 0", "concurrency 0", "fault rate 2", `scenario "nonsense"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
}

// TestBubbleNeedsMemory: a server on a socket would hang a bubble until the
// timeout of the test.
func TestBubbleNeedsMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := mock.NewServer(samples)
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "needs WithInMemory") {
			t.Errorf("error %v", err)
		}
	})
}
