package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// answered reads an answer as a submit does.
func answered(status int, body string) answer {
	resp := &http.Response{StatusCode: status, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}
	a, _ := readAnswer(context.Background(), resp, 32<<20)
	return a
}

// A 400 that says why the input is wrong is a refusal, whatever ordinary words it uses.
// One that speaks of a timeout, a conflict or a server error is a doubt, in whatever
// form and under whatever name it comes.
func TestWordsOf400(t *testing.T) {
	refusals := []string{
		"unexpected property foo", "unexpected keyword argument 'steps'", "Unexpected end of JSON input", "unexpected EOF",
		"Unexpected token } in JSON at position 5", "could not connect to image_url", "cannot connect image to video", "connector is invalid",
		"field internal_id is invalid", "internal_format must be png", "image_url points to an internal address", "international text",
		"seed is already set", "the image is already upscaled", "duplicate entries in image_urls", "duplicated field prompt",
		"conflicting parameters: image and video", "the prompt is too long to be processed", "voice x is unavailable", "image_url is unavailable",
		"busy must be a boolean", "a busy scene", "canceled is not one of the states", "abort_on_error must be a boolean",
		"ValidationException: seed", "InvalidParameterException", "exceptions must be a list", "width error: 512 is too small",
		"error: 512x512 is not supported", "steps must be at most 500", "image of 5000 x 4096 is too large", "api gateway: invalid key",
		"prompt is required", "invalid_request", "insufficient balance", "no such model", "unknown error_mode", "server_id is required",
		"https://500px.com/a.png is not an image", "at most 408 frames", "connection_type is invalid", "",
	}
	doubts := []string{
		"timeout", "Timed out", "time-out", "request_timeout", "GATEWAY_TIMEOUT", "RequestTimeout", "ETIMEDOUT", "deadline exceeded", "DEADLINE_EXCEEDED",
		"the model took too long to respond", "conflict", "CONFLICT", "conflicts with a running request", "a conflicting request exists",
		"duplicate request", "DUPLICATE_REQUEST", "Duplicate", "request already exists", "ALREADY_EXISTS", "already in progress",
		"the job was already submitted", "already been accepted", "REQUEST_IN_PROGRESS", "internal server error", "INTERNAL_ERROR", "InternalError",
		"INTERNAL", "an internal problem", "server error", "ServerError", "server failure", "service unavailable", "UNAVAILABLE", "temporarily unavailable",
		"the server is currently unavailable", "upstream error", "upstream connect error", "bad gateway", "gateway error", "overloaded", "server busy",
		"the system is too busy", "please try again later", "an unexpected error occurred", "UnexpectedError", "unexpected condition",
		"unexpected internal failure", "unknown error", "UNKNOWN_ERROR", "ABORTED", "transaction aborted", "context canceled", "request was cancelled",
		"connection reset by peer", "connection refused", "could not connect to the database", "failed to connect to backend", "unhandled exception",
		"an exception occurred", "NullPointerException", "ServerException", "code 504", "status: 500001", "error 503", "HTTP 502", "HTTP/1.1 500", "status code 409",
		"ECONNRESET", "broken pipe", "worker crashed", "panic: nil map", "Traceback (most recent call last)",
	}
	forms := []struct {
		name string
		of   func(text string) string
	}{
		{"a message", func(s string) string { return `{"message":` + quoted(s) + `}` }},
		{"nested", func(s string) string { return `{"error":{"code":"bad","info":[` + quoted(s) + `]}}` }},
		{"a detail", func(s string) string { return `{"detail":[{"loc":["body","x"],"msg":` + quoted(s) + `}]}` }},
		{"a code", func(s string) string { return `{"error_code":` + quoted(s) + `}` }},
		{"a string", quoted},
		{"plain text", func(s string) string { return s }},
		{"a page", func(s string) string { return "<html><head><title>" + s + "</title></head></html>" }},
		{"escaped", func(s string) string {
			return strings.ReplaceAll(`{"message":`+quoted(s)+`}`, "e", `\u0065`)
		}},
	}
	for _, form := range forms {
		for want, texts := range map[submitClass][]string{classRejected: refusals, classAmbiguous: doubts} {
			for _, text := range texts {
				body := form.of(text)
				if form.name == "escaped" {
					body = strings.Replace(body, `m\u0065ssag\u0065`, "message", 1)
				}
				if got := classify(answered(http.StatusBadRequest, body), nil, false); got != want {
					t.Errorf("%s: %s: %s, want %s", form.name, body, got, want)
				}
			}
		}
	}
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// What a validation error repeats of the request says nothing of the server, and a
// number counts only where it stands for a status.
func TestFormsOf400(t *testing.T) {
	for body, want := range map[string]submitClass{
		`{"detail":[{"type":"int_type","loc":["body","timeout"],"msg":"not an integer","input":"a conflict, a server error"}]}`: classRejected,
		`{"detail":[{"loc":["body","seed"],"msg":"not an integer","input":{"code":504,"prompt":"bad gateway"}}]}`:               classRejected,
		`{"detail":[{"loc":["body","seed"],"msg":"the server timed out","input":1}]}`:                                           classAmbiguous,
		`{"input":"timeout"}`:                             classAmbiguous, // not where a validation error repeats it
		`{"error":{"code":504}}`:                          classAmbiguous,
		`{"error":{"code":"504"}}`:                        classAmbiguous,
		`{"error":{"status":409001}}`:                     classAmbiguous,
		`{"errors":[{"error_code":500001}]}`:              classAmbiguous,
		`{"statusCode":500}`:                              classAmbiguous,
		`{"code":50001}`:                                  classAmbiguous,
		`{"error":{"code":400,"width":512}}`:              classRejected,
		`{"limit":500,"message":"too many steps"}`:        classRejected,
		`{"error_code":504000}`:                           classAmbiguous,
		`{"error_code":"408"}`:                            classAmbiguous,
		`{"error_code":400003}`:                           classRejected,
		`{"error_code":400002,"request_id":"j"}`:          classRejected,
		`{"error_code":400003,"request_id":"j"}`:          classAmbiguous,
		`{"error_code":400002,"message":"timeout"}`:       classAmbiguous,
		`{"message":"bad"`:                                classAmbiguous,
		`{"data":{"request_id":"j"}}`:                     classAmbiguous,
		`{"data":{"requestId":"j"}}`:                      classAmbiguous,
		`{"request_id":"","message":"bad"}`:               classRejected,
		`{"message":"see /v1/requests/j/status"}`:         classAmbiguous,
		`{"data":{"request_id":"j"},"error_code":400001}`: classRejected,
		`{"code":"E504"}`:                                 classAmbiguous,
		`{"errno":500001,"msg":"x"}`:                      classAmbiguous,
		`["seed is wrong"]`:                               classRejected,
		`{"a":` + strings.Repeat("[", 100) + `"timeout"` + strings.Repeat("]", 100) + `}`: classAmbiguous,
		`{"a":` + strings.Repeat("[", 100) + `"seed"` + strings.Repeat("]", 100) + `}`:    classRejected,
	} {
		if got := classify(answered(http.StatusBadRequest, body), nil, false); got != want {
			t.Errorf("%.200s: %s, want %s", body, got, want)
		}
	}
}
