// Command quickstart runs one model: it submits an image, shows where the job
// stands, waits and downloads what was made.
//
//	RUNCOMFY_API_TOKEN=... quickstart -image https://example.com/start.webp -prompt "The tide comes in."
//
// The submit is paid. With -base-url it talks to another server, such as the one
// that "genclient mock" starts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/genclient/genclient/generated/runcomfy"
)

func main() {
	baseURL := flag.String("base-url", os.Getenv("RUNCOMFY_BASE_URL"), "server of the API, if not RunComfy's")
	image := flag.String("image", "https://playgrounds-storage-public.runcomfy.net/tools/7261/media-files/input-1-1.webp", "URL of the start image")
	dir := flag.String("out", "outputs", "folder of the files that are made")
	prompt := flag.String("prompt", "The band plays on while the camera circles slowly.", "what happens in the video")
	flag.Parse()

	// Ctrl-C ends the waiting. A job that is still queued is canceled, one that
	// runs goes on; the error says the job's id and what became of it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *baseURL, *image, *prompt, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run submits, reports every change of the job to w, and downloads its outputs to dir.
func run(ctx context.Context, w io.Writer, baseURL, image, prompt, dir string) error {
	client := runcomfy.New("", runcomfy.WithBaseURL(baseURL)) // the token is read from RUNCOMFY_API_TOKEN

	res, err := client.Kling2_6ProImageToVideo(ctx, &runcomfy.Kling2_6ProImageToVideoInput{
		Prompt:        prompt,
		ImageURL:      image,
		Duration:      runcomfy.Kling2_6ProImageToVideoDuration5,
		GenerateAudio: runcomfy.Bool(false),
	},
		runcomfy.OnAccepted(func(job *runcomfy.Job) { fmt.Fprintln(w, "accepted as job", job.ID()) }),
		runcomfy.OnUpdate(func(s runcomfy.Status) {
			if s.QueuePosition >= 0 {
				fmt.Fprintln(w, s.State, "at position", s.QueuePosition)
			} else {
				fmt.Fprintln(w, s.State)
			}
		}),
	)
	if err != nil {
		var cost interface{ Charged() runcomfy.Charged }
		if errors.As(err, &cost) {
			return fmt.Errorf("%w (charged: %v)", err, cost.Charged())
		}
		return err
	}
	files, err := client.Download(ctx, res, dir)
	for _, f := range files {
		fmt.Fprintln(w, f.Path, f.Bytes, "bytes")
	}
	return err
}
