package client

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestURLsNamesEachFileOnce(t *testing.T) {
	o := Output{Image: "i1", Images: []string{"i1", "i2"}, Videos: []string{"v"}, Audio: "a"}
	if d := cmp.Diff([]string{"i1", "i2", "v", "a"}, o.URLs()); d != "" {
		t.Error(d)
	}
}

func TestDecodeOutputKeepsTheRawAnswerApart(t *testing.T) {
	type own struct {
		Mesh *string `json:"mesh"`
	}
	res := &Result{RequestID: "r", Raw: []byte(`{"output":{"mesh":"m.glb"}}`)}
	if o, err := decodeOutput[own](res); err != nil || o.Mesh == nil || *o.Mesh != "m.glb" {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := decodeOutput[own](&Result{Raw: []byte(`{"output":"a string"}`)}); err == nil {
		t.Error("an output of another form was decoded")
	}
	if _, err := decodeOutput[own](nil); err == nil {
		t.Error("no result was decoded")
	}
}
