// Package handwritten checks two inputs as a careful Go programmer would by
// hand: one if per rule, every broken rule with its field and what was found.
// It is what the generated Validate is compared with.
package handwritten

import (
	"strconv"
	"strings"

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

// Kling2_1ProImageToVideo checks an input of kling/kling-2-1/pro/image-to-video.
func Kling2_1ProImageToVideo(in *runcomfy.Kling2_1ProImageToVideoInput) error {
	if in == nil {
		return Problems{{"input", "is nil"}}
	}
	var p Problems
	if in.Prompt == "" {
		p = append(p, Problem{"prompt", "is required"})
	}
	if in.ImageURL == "" {
		p = append(p, Problem{"image_url", "is required"})
	} else if !strings.HasPrefix(in.ImageURL, "https://") && !strings.HasPrefix(in.ImageURL, "data:image/") ||
		strings.TrimSpace(in.ImageURL) != in.ImageURL {
		p = append(p, Problem{"image_url", "must be an https URL or a data URI"})
	}
	if in.Duration != 0 && in.Duration != 5 && in.Duration != 10 {
		p = append(p, Problem{"duration", "must be 5 or 10, got " + strconv.FormatInt(int64(in.Duration), 10)})
	}
	if in.AspectRatio != "" && in.AspectRatio != "16:9" && in.AspectRatio != "1:1" && in.AspectRatio != "9:16" {
		p = append(p, Problem{"aspect_ratio", "must be 16:9, 1:1 or 9:16"})
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
	}
	if in.Duration != 0 && in.Duration != 5 && in.Duration != 10 {
		p = append(p, Problem{"duration", "must be 5 or 10, got " + strconv.FormatInt(int64(in.Duration), 10)})
	}
	if in.AspectRatio != "" && in.AspectRatio != "16:9" && in.AspectRatio != "9:16" && in.AspectRatio != "1:1" {
		p = append(p, Problem{"aspect_ratio", "must be 16:9, 9:16 or 1:1"})
	}
	if len(p) == 0 {
		return nil
	}
	return p
}
