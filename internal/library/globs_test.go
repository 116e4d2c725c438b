package library

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/diag"
)

var someIDs = []string{
	"kling/kling-1-6/pro/image-to-video", "kling/kling-2-6/pro/image-to-video", "kling/kling-2-6/pro/image-to-video/draft",
	"kling/kling-2-6/pro/text-to-video", "minimax/Hailuo Video 01 Live", "wan-ai/wan-2.7/edit-video",
}

func TestGlobsMatchWholeIDs(t *testing.T) {
	for glob, want := range map[string][]string{
		"kling/*":                    nil, // a star stays within its segment
		"kling/*/pro/image-to-video": {"kling/kling-1-6/pro/image-to-video", "kling/kling-2-6/pro/image-to-video"},
		"kling/kling-2-6/**": {"kling/kling-2-6/pro/image-to-video", "kling/kling-2-6/pro/image-to-video/draft",
			"kling/kling-2-6/pro/text-to-video"},
		"**/image-to-video":            {"kling/kling-1-6/pro/image-to-video", "kling/kling-2-6/pro/image-to-video"},
		"minimax/Hailuo Video 01 Live": {"minimax/Hailuo Video 01 Live"},
		"minimax/hailuo*":              nil, // case counts
		"wan-ai/wan-2?7/*":             {"wan-ai/wan-2.7/edit-video"},
		"**":                           someIDs,
	} {
		got, err := Globs{glob}.Choose(someIDs)
		if (err != nil) != (want == nil) {
			t.Errorf("%s: error %v", glob, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", glob, d)
		}
	}
}

func TestNoGlobsChooseAll(t *testing.T) {
	got, err := Globs(nil).Choose(someIDs)
	if d := cmp.Diff(someIDs, got); d != "" || err != nil {
		t.Error(d, err)
	}
}

func TestOneGlobWithoutAMatchIsAnErrorWithHints(t *testing.T) {
	_, err := Globs{"**", "klign/kling-2-6/pro/txt-to-video"}.Choose(someIDs)
	want := `no model matches "klign/kling-2-6/pro/txt-to-video"; near it: "kling/kling-2-6/pro/text-to-video", `
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v", err)
	}
	_, err = Globs{"kling/*"}.Choose(someIDs)
	if err == nil || !strings.HasSuffix(err.Error(), "(* stays within a segment, ** crosses any number)") {
		t.Errorf("error %v", err)
	}
	if near := diag.Near("zzz", someIDs); near != nil {
		t.Errorf("zzz is near %v", near)
	}
}

func TestMalformedGlobIsRefused(t *testing.T) {
	if err := (Globs{"a[", "b"}).Check(); err == nil {
		t.Error("no error")
	}
}

func TestExclusion(t *testing.T) {
	for _, c := range []struct{ globs, want Globs }{
		{Globs{"!kling/**"}, Globs{"minimax/Hailuo Video 01 Live", "wan-ai/wan-2.7/edit-video"}},
		{Globs{"kling/**", "!kling/kling-2-6/**"}, Globs{"kling/kling-1-6/pro/image-to-video"}},
		{Globs{"!kling/kling-2-6/**", "kling/**"}, Globs{"kling/kling-1-6/pro/image-to-video"}}, // in any order
		{Globs{"!kling/**", "!wan-ai/**"}, Globs{"minimax/Hailuo Video 01 Live"}},
		{Globs{"!minimax/Hailuo Video 01 Live", "minimax/*", "wan-ai/**"}, Globs{"wan-ai/wan-2.7/edit-video"}},
	} {
		got, err := c.globs.Choose(someIDs)
		if d := cmp.Diff([]string(c.want), got); d != "" || err != nil {
			t.Errorf("%q: %s %v", c.globs, d, err)
		}
	}
	for _, globs := range []Globs{{"!klng/**"}, {"!**"}, {"kling/**", "!kling/**"}, {"!!kling/**"}} {
		if got, err := globs.Choose(someIDs); err == nil {
			t.Errorf("%q chooses %q", globs, got)
		}
	}
	if err := (Globs{"!"}).Check(); err == nil {
		t.Error("! alone is no error")
	}
	if err := (Globs{"!a["}).Check(); err == nil {
		t.Error("!a[ is no error")
	}
}
