// Command genclient reads RunComfy model documentation pages, keeps each
// model's JSON schema, and generates a typed Go client. See "genclient help".
package main

import (
	"os"

	"github.com/genclient/genclient/internal/cli"
)

func main() { os.Exit(cli.Main()) }
