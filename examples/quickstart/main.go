// Command quickstart runs one model: it submits an image, shows where the job
// stands, waits and prints the URLs of what was made.
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
	prompt := flag.String("prompt", "The band plays on while the camera circles slowly.", "what happens in the video")
	flag.Parse()

	// Ctrl-C ends the waiting. A job that is still queued is canceled, one that
	// runs goes on; the error says the job's id and what became of it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *baseURL, *image, *prompt); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run submits, reports every change of the job to w, and then its outputs.
func run(ctx context.Context, w io.Writer, baseURL, image, prompt string) error {
	var opts []runcomfy.Option
	if baseURL != "" {
		opts = append(opts, runcomfy.WithBaseURL(baseURL))
	}
	client := runcomfy.New("", opts...) // the token is read from RUNCOMFY_API_TOKEN

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
	for _, url := range res.Output.URLs() {
		fmt.Fprintln(w, url)
	}
	return nil
}
