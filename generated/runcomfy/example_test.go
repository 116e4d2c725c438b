package runcomfy_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/genclient/genclient/generated/runcomfy"
	"github.com/genclient/genclient/mock"
)

// newClient returns a client of an emulated API; a real program calls
// runcomfy.New("") and has the token in RUNCOMFY_API_TOKEN.
func newClient() (*runcomfy.Client, *mock.Server) {
	server, err := mock.NewServer(mock.WithSpeed(1000))
	if err != nil {
		panic(err)
	}
	return runcomfy.New(server.Token(), runcomfy.WithBaseURL(server.URL())), server
}

// One call submits, waits and returns the result.
func Example() {
	client, server := newClient()
	defer server.Close()

	res, err := client.Kling2_6ProTextToVideo(context.Background(), &runcomfy.Kling2_6ProTextToVideoInput{
		Prompt:        "A glacier cracks with a loud noise.",
		AspectRatio:   runcomfy.Kling2_6ProTextToVideoAspectRatio16x9,
		GenerateAudio: runcomfy.Bool(false),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.State, "with", len(res.Output.URLs()), "file")
	// Output: done with 1 file
}

// Submit returns as soon as the API has the job; the id is enough to come back
// for it in another process.
func ExampleClient_Submit() {
	client, server := newClient()
	defer server.Close()
	ctx := context.Background()

	job, err := client.Submit(ctx, &runcomfy.Kling1_6ProTextToVideoInput{Prompt: "A desert road at twilight."})
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := client.Job(job.ID())
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := again.Wait(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.State)
	// Output: done
}

// A call that breaks rules of the page is refused before anything is sent, with
// every violation at once.
func ExampleValidationError() {
	in := &runcomfy.Kling2_1ProImageToVideoInput{
		Duration: 7,
		CfgScale: runcomfy.Float(1.5),
	}
	var invalid *runcomfy.ValidationError
	if errors.As(in.Validate(), &invalid) {
		for _, v := range invalid.Violations {
			fmt.Printf("%s (%s): %s\n", v.Path, v.Rule, v.Message)
		}
	}
	// Output:
	// prompt (required): is required
	// image_url (required): is required
	// duration (enum): must be one of 5, 10
	// cfg_scale (maximum): must be from 0 to 1
}

// The page's rules on media can be asked about files that were measured before.
func ExampleEvaluateMedia() {
	in := &runcomfy.Kling1_6ProImageToVideoInput{ImageURL: "https://example.com/start.png"}
	err := runcomfy.EvaluateMedia(in, map[string]runcomfy.MediaInfo{
		"image_url": {Width: 300, Height: 400, Bytes: 12_000_000},
	})
	var invalid *runcomfy.ValidationError
	if errors.As(err, &invalid) {
		for _, v := range invalid.Violations {
			fmt.Printf("%s %g, measured %g: %s\n", v.Rule, v.Bound, v.Measured, v.Message)
		}
	}
	// Output:
	// width_pixels> 300, measured 300: The uploaded image width and height must both exceed 300 pixels.
	// file_size_mb< 10, measured 12: File size must be less than 10 MB.
}

// Every error tells whether money was spent.
func ExampleCharged() {
	client, server := newClient()
	defer server.Close()

	_, err := client.Kling2_6ProTextToVideo(context.Background(), &runcomfy.Kling2_6ProTextToVideoInput{})
	var cost interface{ Charged() runcomfy.Charged }
	if errors.As(err, &cost) {
		fmt.Println("charged:", cost.Charged())
	}
	// Output: charged: no
}
