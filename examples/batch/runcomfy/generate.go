// Package runcomfy is the generated client; "go generate ./..." writes it, and the
// package runcomfyriver below it.
package runcomfy

//go:generate go tool genclient generate --package runcomfy --models "kling/kling-2-6/pro/text-to-video" --with river
