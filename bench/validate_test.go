package bench_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/bench"
	"github.com/genclient/genclient/bench/handwritten"
	"github.com/genclient/genclient/generated/runcomfy"
)

func validations(t testing.TB) []bench.Validation {
	t.Helper()
	all, err := bench.Validations()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// notSendable is an input that violates only rules that JSON Schema does not have.
const notSendable = "kling 2.1 image-to-video, not sendable"

// Ratios mean something only if all three do the same work.
func TestValidationsAgree(t *testing.T) {
	for _, v := range validations(t) {
		generated, byHand, judged := v.Generated(1), v.Handwritten(1), v.JSONSchema(1)
		if v.Valid {
			if err := errors.Join(generated, byHand, judged); err != nil {
				t.Errorf("%s: %v", v.Name, err)
			}
			continue
		}
		if judged == nil && v.Name != notSendable {
			t.Errorf("%s: jsonschema finds it valid", v.Name)
		}
		var typed *runcomfy.ValidationError
		var problems handwritten.Problems
		if !errors.As(generated, &typed) || !errors.As(byHand, &problems) {
			t.Fatalf("%s: generated %v, by hand %v", v.Name, generated, byHand)
		}
		var paths, fields []string
		for _, violation := range typed.Violations {
			paths = append(paths, violation.Path)
		}
		for _, p := range problems {
			fields = append(fields, p.Field)
		}
		if diff := cmp.Diff(fields, paths); diff != "" {
			t.Errorf("%s: by hand (-) and generated (+): %s", v.Name, diff)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	for _, v := range validations(b) {
		for _, way := range []struct {
			name string
			loop bench.Loop
		}{{"generated", v.Generated}, {"by hand", v.Handwritten}, {"jsonschema", v.JSONSchema}} {
			if v.Name == notSendable && way.name == "jsonschema" {
				continue
			}
			b.Run(v.Name+"/"+way.name, func(b *testing.B) {
				b.ReportAllocs()
				if err := way.loop(b.N); (err == nil) != v.Valid {
					b.Fatal(err)
				}
			})
		}
	}
}
