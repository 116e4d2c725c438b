// Command downstream is what a repository that depends on a generated client
// looks like: the client is generated into the folder runcomfy by "go generate",
// from the version of genclient that tools.mod pins, and committed (README.md says
// why not here).
package main

import (
	"fmt"

	"example.com/downstream/runcomfy"
)

func main() {
	in := &runcomfy.Kling2_6ProTextToVideoInput{
		Prompt:   "A desert road at twilight.",
		Duration: 7,
	}
	fmt.Println(in.Validate())
}
