// Site measures "genclient scrape" on a site of synthetic pages, beside a
// program that only gets the same pages and parses them with goquery, all of
// them processes of their own and in one run:
//
//	go -C bench run ./cmd/site [-models N]
//
// It prints user and all CPU time, the peak of memory, and the ratios. The
// second scrape asks for pages that did not change.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/sync/errgroup"

	"github.com/genclient/genclient/internal/crawl/testsite"
)

var (
	models = flag.Int("models", 1000, "models of the site")
	chrome = flag.Int("chrome", 200, "menu entries around the content of a page")
	part   = flag.String("part", "", "what a child process does: serve or parse")
	rounds = flag.Int("rounds", 3, "how often each is run; the least CPU time counts")
)

func main() {
	flag.Parse()
	err := map[string]func() error{"": compare, "serve": serve, "parse": func() error { return parse(os.Stdin) }}[*part]()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve prints where the site is, and its pages, and ends with its input.
func serve() error {
	site := testsite.New(testsite.Options{Models: *models, Chrome: *chrome, Sitemap: true})
	fmt.Println(site.URL)
	for _, m := range site.Models {
		fmt.Println(site.URL + "/models/" + m.Slug + "/api")
	}
	fmt.Println()
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// parse gets pages, four at a time as scrape does, and parses them.
func parse(list io.Reader) error {
	var group errgroup.Group
	group.SetLimit(4)
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		url := lines.Text()
		group.Go(func() error {
			response, err := http.Get(url)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			doc, err := goquery.NewDocumentFromReader(response.Body)
			if err == nil && doc.Find("h1").Length() != 1 {
				return errors.New("not a page of a model: " + url)
			}
			return err
		})
	}
	return errors.Join(lines.Err(), group.Wait())
}

// usage is what a process took.
type usage struct {
	user, all time.Duration
	memory    int64 // bytes at the peak
}

// run runs a process, as often as rounds says, with prepare before each.
func run(prepare func() error, stdin, name string, args ...string) (usage, error) {
	var least usage
	for i := range *rounds {
		if err := prepare(); err != nil {
			return least, err
		}
		cmd := exec.Command(name, args...)
		cmd.Stdin = strings.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			return least, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
		}
		s := cmd.ProcessState
		u := usage{s.UserTime(), s.UserTime() + s.SystemTime(), s.SysUsage().(*syscall.Rusage).Maxrss << 10}
		if i == 0 || u.all < least.all {
			least = u
		}
	}
	return least, nil
}

func compare() error {
	dir, err := os.MkdirTemp("", "site-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	genclient := filepath.Join(dir, "genclient")
	build := exec.Command("go", "-C", "..", "build", "-o", genclient, "./cmd/genclient") // it is of another module
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	server := exec.Command(self, "-part", "serve", "-models", fmt.Sprint(*models), "-chrome", fmt.Sprint(*chrome))
	server.Stderr = os.Stderr
	stop, err := server.StdinPipe()
	if err != nil {
		return err
	}
	out, err := server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	defer server.Wait()
	defer stop.Close()
	lines := bufio.NewScanner(out)
	lines.Scan()
	root := lines.Text()
	var pages strings.Builder
	for lines.Scan() && lines.Text() != "" {
		pages.WriteString(lines.Text() + "\n")
	}
	cache, schemas := filepath.Join(dir, "cache"), filepath.Join(dir, "schemas")
	clean := func() error { return errors.Join(os.RemoveAll(cache), os.RemoveAll(schemas)) }
	nothing := func() error { return nil }
	scrape := []string{"scrape", root + "/", "--out", schemas, "--cache", cache, "--rate", "0"}
	parsed, err1 := run(nothing, pages.String(), self, "-part", "parse")
	first, err2 := run(clean, "", genclient, scrape...)
	second, err3 := run(nothing, "", genclient, scrape...)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	fmt.Printf("%d models\n%-28s %10s %10s %8s %12s %12s\n", *models, "", "user", "all CPU", "memory", "user ratio", "all ratio")
	for _, row := range []struct {
		name string
		usage
	}{{"get and parse with goquery", parsed}, {"genclient scrape", first}, {"genclient scrape, again", second}} {
		fmt.Printf("%-28s %9.2fs %9.2fs %5d MiB %11.2fx %11.2fx\n", row.name, row.user.Seconds(), row.all.Seconds(), row.memory>>20,
			row.user.Seconds()/parsed.user.Seconds(), row.all.Seconds()/parsed.all.Seconds())
	}
	return nil
}
