// Package schemas holds the schema documents that genclient ships with: one JSON
// file per model, and names.json with the published Go names. "genclient scrape"
// writes them; nobody edits them by hand.
package schemas

import "embed"

// FS is this folder.
//
//go:embed all:*
var FS embed.FS
