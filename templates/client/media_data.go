package client

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFileURI is the largest file that FileURI takes, in bytes: in base64 it
// grows by a third, and the API takes bodies of 64 MiB.
const maxFileURI = 47 << 20

// FileURI reads a file and returns its content as a data URI (RFC 2397), what a
// media field takes in place of an https URL. The media type follows from the
// content or, where that is not recognised, from the ending of the name. The file
// must not be empty, a page of text (HTML, JSON, XML) under the ending of another
// format, or larger than 47 MiB. The error is a *MediaError.
func FileURI(path string) (uri string, err error) {
	defer func() {
		if err != nil {
			err = &MediaError{Path: path, Err: err}
		}
	}()
	file, err := os.OpenFile(path, os.O_RDONLY|nonblocking, 0)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat() // of what is read, whatever the path leads to meanwhile
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("not a regular file")
	case info.Size() > maxFileURI:
		return "", fmt.Errorf("%d bytes are more than the %d that fit into a request", info.Size(), maxFileURI)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxFileURI+1))
	switch {
	case err != nil:
		return "", err
	case len(content) > maxFileURI: // a file that grows
		return "", fmt.Errorf("more than the %d bytes that fit into a request", maxFileURI)
	}
	ending := strings.ToLower(filepath.Ext(path))
	kind := recognize(content, endingTypes[ending])
	if len(content) == 0 || kind.name == "" && isPage(content) && !textEndings[ending] {
		return "", errNotMedia
	}
	return makeDataURI(cmp.Or(kind.mediaType, endingTypes[ending], "application/octet-stream"), content), nil
}

// DataURI reads r to its end and returns the content as a data URI (RFC 2397) of
// the given media type, for example audio/wav; an empty one is found by the
// content. It takes 1 byte to 47 MiB. The error is a *MediaError.
func DataURI(r io.Reader, mediaType string) (string, error) {
	uri, err := readDataURI(r, mediaType)
	if err != nil {
		return "", &MediaError{Err: err}
	}
	return uri, nil
}

func readDataURI(r io.Reader, mediaType string) (string, error) {
	if mediaType != "" {
		parsed, parameters, err := mime.ParseMediaType(mediaType)
		mediaType = strings.ReplaceAll(mime.FormatMediaType(parsed, parameters), "; ", ";")
		if err != nil || !strings.Contains(parsed, "/") || strings.ContainsAny(mediaType, ", \"") {
			return "", errors.New("the media type is not of the form image/png")
		}
	}
	if r == nil {
		return "", errors.New("the reader is nil")
	}
	content, err := io.ReadAll(io.LimitReader(r, maxFileURI+1))
	switch {
	case err != nil:
		return "", err
	case len(content) > maxFileURI:
		return "", fmt.Errorf("the content has more than the %d bytes that fit into a request", maxFileURI)
	case len(content) == 0:
		return "", errors.New("the content is empty")
	}
	if mediaType == "" {
		if mediaType = sniffMedia(content).mediaType; mediaType == "" {
			return "", errors.New("the format of the content is not recognised: give its media type")
		}
	}
	return makeDataURI(mediaType, content), nil
}

func makeDataURI(mediaType string, content []byte) string {
	return string(base64.StdEncoding.AppendEncode([]byte("data:"+mediaType+";base64,"), content))
}

var errNotMedia = errors.New("the content holds no image, video or sound, or other file")

// damagedData reports a data URI that nobody can decode.
type damagedData string

func (d damagedData) Error() string { return string(d) }

// measureDataURI measures the content of a data URI (RFC 2397).
func measureDataURI(uri string) (MediaInfo, error) {
	_, content, err := decodeDataURI(uri)
	if err != nil {
		return MediaInfo{}, err
	}
	return probeMedia(bytes.NewReader(content), int64(len(content)))
}

// decodeDataURI returns the media type of a data URI, with its parameters, and its
// content.
func decodeDataURI(uri string) (mediaType string, content []byte, err error) {
	kind, data, ok := strings.Cut(uri[len("data:"):], ",")
	if !ok {
		return "", nil, damagedData("is a data URI without a comma")
	}
	isBase64 := func(parameter string) bool { return strings.EqualFold(strings.TrimSpace(parameter), "base64") }
	encoded := slices.ContainsFunc(strings.Split(kind, ";"), isBase64)
	data, err = url.PathUnescape(data)
	switch {
	case err != nil && encoded:
		return "", nil, errBase64
	case err != nil: // a percent sign of the content itself, which decoders differ about
		return "", nil, errors.New("a data URI with a bad escape")
	}
	content = []byte(data)
	if encoded {
		content, err = decodeBase64(content)
	}
	return kind, content, err
}

const errBase64 = damagedData("is a data URI whose base64 cannot be decoded")

// decodeBase64 decodes in place what decoders take for base64: of both alphabets
// (RFC 4648, sections 4 and 5), with blanks anywhere and with padding or without.
func decodeBase64(text []byte) ([]byte, error) {
	n, padded := 0, false
	for _, c := range text {
		switch {
		case c == ' ' || '\t' <= c && c <= '\r':
			continue
		case c == '=':
			padded = true
			continue
		case padded:
			return nil, errBase64
		case c == '-':
			c = '+'
		case c == '_':
			c = '/'
		}
		text[n] = c
		n++
	}
	decoded, err := base64.RawStdEncoding.Decode(text, text[:n])
	if err != nil {
		return nil, errBase64
	}
	return text[:decoded], nil
}
