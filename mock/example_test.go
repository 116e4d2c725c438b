package mock_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genclient/genclient/mock"
	"github.com/genclient/genclient/templates/client" // in your module: your generated package
)

// The server runs by itself in a program that is no test.
func Example() {
	server, err := mock.NewServer(mock.WithDuration(mock.OutputKindVideo, time.Second, 0))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	c := client.New(server.Token(), client.WithBaseURL(server.URL()))
	job, err := c.SubmitRaw(context.Background(), "sample/video/text-to-video", json.RawMessage(`{"prompt":"a fox in the snow"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := job.Wait(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.State, "with", len(res.Output.Videos), "video after", len(server.Ledger()), "charge")
	// Output: done with 1 video after 1 charge
}

// TestExample is a test as downstream packages write it. In the bubble of
// testing/synctest the video takes its minute and a half of virtual time and
// no real time, and when the test ends the server fails it if the submit was
// charged twice.
func TestExample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := mock.New(t, mock.WithInMemory(), mock.WithSpeed(1))
		c := client.New(server.Token(), client.WithBaseURL(server.URL()), client.WithHTTPClient(server.Client()))

		job, err := c.SubmitRaw(t.Context(), "sample/video/text-to-video", json.RawMessage(`{"prompt":"a fox in the snow"}`))
		if err != nil {
			t.Fatal(err)
		}
		res, err := job.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Output.Videos) != 1 {
			t.Errorf("%d videos, want 1", len(res.Output.Videos))
		}
	})
}

// TestExampleDownload is a test that downloads: on a socket with TLS, with a
// client that trusts the server's certificate and address.
func TestExampleDownload(t *testing.T) {
	server := mock.New(t, mock.WithTLS(), mock.WithDuration(mock.OutputKindImage, 0, 0))
	c := client.New(server.Token(), client.WithBaseURL(server.URL()),
		client.WithHTTPClient(server.Client()), client.WithPrivateMedia(server.Roots()))

	job, err := c.SubmitRaw(t.Context(), "sample/image/text-to-image", json.RawMessage(`{"prompt":"a fox in the snow"}`))
	if err != nil {
		t.Fatal(err)
	}
	res, err := job.Result(t.Context()) // the job takes no time
	if err != nil {
		t.Fatal(err)
	}
	files, err := c.Download(t.Context(), res, t.TempDir(), client.WithDownloadHosts("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 {
		t.Errorf("%d files, want 2", len(files))
	}
}

// TestExampleFault is the same with a fault: the service takes the job and the
// connection breaks before the answer. The client must not submit again.
func TestExampleFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := mock.New(t, mock.WithInMemory(), mock.WithFault(mock.CallSubmit, 1, mock.ResetAnswer()))
		c := client.New(server.Token(), client.WithBaseURL(server.URL()), client.WithHTTPClient(server.Client()))

		_, err := c.SubmitRaw(t.Context(), "sample/video/text-to-video", json.RawMessage(`{"prompt":"a fox in the snow"}`))
		if !errors.Is(err, client.ErrAmbiguousSubmit) {
			t.Errorf("error %v, want ErrAmbiguousSubmit", err)
		}
		if n := len(server.Ledger()); n != 1 {
			t.Errorf("%d charges, want 1", n)
		}
	})
}
