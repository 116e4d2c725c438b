package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
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
		got, err := globs{glob}.choose(&cobra.Command{}, someIDs)
		if (err != nil) != (want == nil) {
			t.Errorf("%s: error %v", glob, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", glob, d)
		}
	}
}

func TestNoGlobsChooseAll(t *testing.T) {
	got, err := globs(nil).choose(&cobra.Command{}, someIDs)
	if d := cmp.Diff(someIDs, got); d != "" || err != nil {
		t.Error(d, err)
	}
}

func TestOneGlobWithoutAMatchIsAnErrorWithHints(t *testing.T) {
	_, err := globs{"**", "klign/kling-2-6/pro/txt-to-video"}.choose(&cobra.Command{}, someIDs)
	want := `no model matches "klign/kling-2-6/pro/txt-to-video"; near it: "kling/kling-2-6/pro/text-to-video", `
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v", err)
	}
	_, err = globs{"kling/*"}.choose(&cobra.Command{}, someIDs)
	if err == nil || !strings.HasSuffix(err.Error(), "(* stays within a segment, ** crosses any number)") {
		t.Errorf("error %v", err)
	}
	if near := nearIDs("zzz", someIDs); near != nil {
		t.Errorf("zzz is near %v", near)
	}
}

func TestMalformedGlobIsRefused(t *testing.T) {
	if err := (globs{"a[", "b"}).checkSyntax(&cobra.Command{}); err == nil {
		t.Error("no error")
	}
}
