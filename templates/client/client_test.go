package client

import "testing"

func TestClientStringIsTheOriginAlone(t *testing.T) {
	c := New("secret-token", WithBaseURL("https://proxy.example/runcomfy/v1/"))
	if got, want := c.String(), "runcomfy client of https://proxy.example/runcomfy"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (*Client)(nil).String(); got != "runcomfy client" {
		t.Errorf("a nil client is %q", got)
	}
}
