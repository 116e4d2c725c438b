package client

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
)

// maxFileURI is the largest file that FileURI takes, in bytes: in base64 it
// grows by a third, and the API takes bodies of 64 MiB.
const maxFileURI = 47 << 20

// FileURI reads a file and returns its content as a data URI (RFC 2397) of the
// type that the content has, whatever the name says: what a media field takes
// in place of an https URL. The file must be an image, a video or a sound of at
// most 47 MiB, and no pipe or device. The error is a *MediaError.
func FileURI(path string) (string, error) {
	content, err := readMediaFile(path)
	if err != nil {
		var pathError *os.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err // MediaError names the file already
		}
		return "", &MediaError{Path: path, Err: err}
	}
	format := sniffMedia(content[:min(len(content), sniffLen)])
	if format.name == "" {
		return "", &MediaError{Path: path, Err: errUnknownMedia}
	}
	return "data:" + format.mediaType + ";base64," + base64.StdEncoding.EncodeToString(content), nil
}

var errUnknownMedia = errors.New("the content is no image, video or sound that is known here")

func readMediaFile(path string) ([]byte, error) {
	info, err := os.Stat(path) // before opening, which blocks on a pipe
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxFileURI:
		return nil, fmt.Errorf("%d bytes are more than the %d that fit into a request", info.Size(), maxFileURI)
	}
	return os.ReadFile(path)
}

// isDataURI reports whether a media value holds its content itself.
func isDataURI(value string) bool {
	return len(value) >= 5 && strings.EqualFold(value[:5], "data:")
}

// measureDataURI measures the content of a data URI (RFC 2397).
func measureDataURI(uri string) (MediaInfo, error) {
	kind, data, ok := strings.Cut(uri[len("data:"):], ",")
	if !ok {
		return MediaInfo{}, errors.New("a data URI without a comma")
	}
	if strings.Contains(data, "%") {
		unescaped, err := url.PathUnescape(data)
		if err != nil {
			return MediaInfo{}, errors.New("a data URI with a bad escape")
		}
		data = unescaped
	}
	if !strings.HasSuffix(strings.ToLower(kind), ";base64") {
		return probeMedia(strings.NewReader(data), int64(len(data)))
	}
	digits := base64Source(strings.TrimRight(data, "="))
	return probeMedia(digits, int64(base64.RawStdEncoding.DecodedLen(len(digits))))
}

// base64Source reads base64 text, without its padding, by position in the
// decoded content: a large picture is never decoded as a whole.
type base64Source string

// ReadAt implements io.ReaderAt.
func (s base64Source) ReadAt(p []byte, off int64) (int, error) {
	from := off / 3 * 4
	if from >= int64(len(s)) {
		return 0, io.EOF
	}
	skip := int(off % 3)
	to := min(from+int64(skip+len(p)+2)/3*4, int64(len(s)))
	decoded, err := base64.RawStdEncoding.DecodeString(string(s[from:to]))
	if err != nil {
		return 0, errors.New("the base64 text is damaged")
	}
	n := copy(p, decoded[min(skip, len(decoded)):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
