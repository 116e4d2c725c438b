package cli

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress returns a function that shows how many of all are done, with a note,
// and one that takes the display away. Unless standard error is a terminal, nothing is shown.
func (a *app) progress(what string) (show func(done, total int, note string), finish func()) {
	file, ok := a.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil, func() {}
	}
	return bar(file, what)
}

// bar is progress on any writer. The total may grow. The bar is made when it is
// known: one
// without draws itself from a goroutine that races with Clear. Errors of drawing
// are not looked at, the run does not depend on being watched.
func bar(w io.Writer, what string) (show func(done, total int, note string), finish func()) {
	var b *progressbar.ProgressBar
	show = func(done, total int, note string) {
		if b == nil {
			b = progressbar.NewOptions(total, progressbar.OptionSetWriter(w),
				progressbar.OptionSetDescription(what), progressbar.OptionShowCount())
		}
		if note != "" {
			b.Describe(what + " " + note)
		}
		b.ChangeMax(total)
		_ = b.Set(done)
	}
	finish = func() {
		if b != nil {
			_ = b.Clear()
		}
	}
	return show, finish
}
