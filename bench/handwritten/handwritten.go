// Package handwritten checks two inputs as a careful Go programmer would by
// hand: one if per rule, every broken rule with its field and what was found.
// It is what the generated Validate is compared with.
package handwritten

import (
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/genclient/genclient/generated/runcomfy"
)

// Problem is one broken rule.
type Problem struct{ Field, Message string }

// Problems are all broken rules of an input, in field order.
type Problems []Problem

// Error joins the problems.
func (p Problems) Error() string {
	var b strings.Builder
	b.WriteString("invalid input: ")
	for i, problem := range p {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(problem.Field + " " + problem.Message)
	}
	return b.String()
}

const (
	notText      = "must be text in UTF-8"
	notFetchable = "must be an https URL or a data URI"
)

// fetchable refuses what is surely no address of an image: blanks around, local paths,
// names of files, and schemes that only one machine or cloud reads.
func fetchable(s string) bool {
	switch {
	case strings.TrimSpace(s) != s:
		return false
	case strings.HasPrefix(s, "https://"), strings.HasPrefix(s, "data:image/"), s == "":
		return true
	case strings.HasPrefix(s, "/"), strings.HasPrefix(s, "."), strings.HasPrefix(s, "~"), strings.Contains(s, `\`):
		return false
	}
	scheme, _, found := strings.Cut(strings.ToLower(s), ":")
	if found {
		return scheme != "file" && scheme != "s3" && scheme != "gs" && scheme != "blob"
	}
	switch strings.ToLower(path.Ext(s)) {
	case ".png", ".jpg", ".jpeg", ".webp", ".gif", ".mp4", ".mov", ".webm":
		return false
	}
	return true
}

// Kling2_1ProImageToVideo checks an input of kling/kling-2-1/pro/image-to-video.
func Kling2_1ProImageToVideo(in *runcomfy.Kling2_1ProImageToVideoInput) error {
	if in == nil {
		return Problems{{"input", "is nil"}}
	}
	var p Problems
	if in.Prompt == "" {
		p = append(p, Problem{"prompt", "is required"})
	} else if !utf8.ValidString(in.Prompt) {
		p = append(p, Problem{"prompt", notText})
	}
	if in.ImageURL == "" {
		p = append(p, Problem{"image_url", "is required"})
	} else if !fetchable(in.ImageURL) {
		p = append(p, Problem{"image_url", notFetchable})
	} else if !utf8.ValidString(in.ImageURL) {
		p = append(p, Problem{"image_url", notText})
	}
	if in.TailImageURL != nil {
		if !fetchable(*in.TailImageURL) {
			p = append(p, Problem{"tail_image_url", notFetchable})
		} else if !utf8.ValidString(*in.TailImageURL) {
			p = append(p, Problem{"tail_image_url", notText})
		}
	}
	if in.Duration != 0 && in.Duration != 5 && in.Duration != 10 {
		p = append(p, Problem{"duration", "must be 5 or 10, got " + strconv.FormatInt(int64(in.Duration), 10)})
	}
	if in.AspectRatio != "" && in.AspectRatio != "16:9" && in.AspectRatio != "1:1" && in.AspectRatio != "9:16" {
		p = append(p, Problem{"aspect_ratio", "must be 16:9, 1:1 or 9:16"})
	}
	if in.NegativePrompt != nil && !utf8.ValidString(*in.NegativePrompt) {
		p = append(p, Problem{"negative_prompt", notText})
	}
	if in.CfgScale != nil && !(*in.CfgScale >= 0 && *in.CfgScale <= 1) {
		p = append(p, Problem{"cfg_scale", "must be from 0 to 1, got " + strconv.FormatFloat(*in.CfgScale, 'g', -1, 64)})
	}
	if len(p) == 0 {
		return nil
	}
	return p
}

// Kling2_6ProTextToVideo checks an input of kling/kling-2-6/pro/text-to-video.
func Kling2_6ProTextToVideo(in *runcomfy.Kling2_6ProTextToVideoInput) error {
	if in == nil {
		return Problems{{"input", "is nil"}}
	}
	var p Problems
	if in.Prompt == "" {
		p = append(p, Problem{"prompt", "is required"})
	} else if !utf8.ValidString(in.Prompt) {
		p = append(p, Problem{"prompt", notText})
	}
	if in.Duration != 0 && in.Duration != 5 && in.Duration != 10 {
		p = append(p, Problem{"duration", "must be 5 or 10, got " + strconv.FormatInt(int64(in.Duration), 10)})
	}
	if in.AspectRatio != "" && in.AspectRatio != "16:9" && in.AspectRatio != "9:16" && in.AspectRatio != "1:1" {
		p = append(p, Problem{"aspect_ratio", "must be 16:9, 9:16 or 1:1"})
	}
	if in.NegativePrompt != nil && !utf8.ValidString(*in.NegativePrompt) {
		p = append(p, Problem{"negative_prompt", notText})
	}
	if len(p) == 0 {
		return nil
	}
	return p
}
