package client

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOutputForms: files are found wherever they stand.
func TestOutputForms(t *testing.T) {
	const u, v = "https://a.runcomfy.net/u.png?sig=1", "https://a.runcomfy.net/v.mp4"
	U := fmt.Sprintf("%q", u)
	V := fmt.Sprintf("%q", v)
	named := func(pairs ...string) (all []NamedURL) {
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, NamedURL{pairs[i], pairs[i+1]})
		}
		return all
	}
	for output, want := range map[string]Output{
		`null`: {}, `""`: {}, `{}`: {}, `[]`: {}, `7`: {}, `"done"`: {Images: []string{"done"}},
		U:                                       {Images: []string{u}},
		`[` + U + `]`:                           {Images: []string{u}},
		`[[` + U + `]]`:                         {Images: []string{u}},
		`{"url":` + U + `,"width":1}`:           {Images: []string{u}},
		`[{"url":` + U + `},{"url":` + V + `}]`: {Images: []string{u, v}},
		`{"image":` + U + `}`:                   {Image: u},
		`{"image":{"url":` + U + `,"content_type":"image/png"}}`:                                               {Image: u},
		`{"image":[{"url":` + U + `}]}`:                                                                        {Image: u},
		`{"images":{"url":` + U + `}}`:                                                                         {Images: []string{u}},
		`{"images":[{"width":3,"url":` + U + `},` + V + `,null,{}]}`:                                           {Images: []string{u, v}},
		`{"video":{"url":` + V + `}}`:                                                                          {Video: v},
		`{"videos":[{"url":` + V + `}],"audio":{"url":` + U + `}}`:                                             {Videos: []string{v}, Audio: u},
		`{"image_url":` + U + `}`:                                                                              {Other: named("image_url", u)},
		`{"result":[` + U + `]}`:                                                                               {Other: named("result", u)},
		`{"result":[` + U + `,{"url":` + V + `}]}`:                                                             {Other: named("result", u, "result", v)},
		`{"image":` + U + `,"mask":` + V + `,"depth":{"url":` + U + `}}`:                                       {Image: u, Other: named("mask", v, "depth", u)},
		`{"data":{"images":[{"url":` + U + `}],"video":` + V + `}}`:                                            {Other: named("data", u, "data", v)},
		`[{"image":` + U + `},{"video":` + V + `}]`:                                                            {Image: u, Video: v},
		`"[` + strings.ReplaceAll(U, `"`, `\"`) + `]"`:                                                         {Images: []string{u}},
		`{"images":"[` + strings.ReplaceAll(U, `"`, `\"`) + `]"}`:                                              {Images: []string{u}},
		`{"images":["` + strings.ReplaceAll(u, "/", `\/`) + `"]}`:                                              {Images: []string{u}},
		`{"mask":"` + strings.ReplaceAll(u, "/", `\/`) + `"}`:                                                  {Other: named("mask", u)},
		`{"mask":"` + strings.ReplaceAll(u, "?", `\u003f`) + `"}`:                                              {Other: named("mask", u)},
		`{"mask":" HTTPS://a/b "}`:                                                                             {Other: named("mask", "HTTPS://a/b")},
		`{"image":"data:image/png;base64,AAAA","seed":7,"ok":true}`:                                            {Image: "data:image/png;base64,AAAA"},
		`{"prompt":"see https://a/b for more","s":"https://","t":"s3://a/b","u":"ftp://a/b","v":"https:///b"}`: {},
		`{"image":null,"images":[],"video":"","audio":"none","mask":` + U + `}`:                                {Other: named("mask", u)},
		`{"seed":NaN,"image":` + U + `}`:                                                                       {Image: u},
		`{"text":"he said "hi" to me","image":` + U + `}`:                                                      {Image: u},
		`{"a":` + strings.Repeat(`[`, 20) + U + strings.Repeat(`]`, 20) + `}`:                                  {Other: named("a", u)},
		`{"a":` + strings.Repeat(`[`, 9000) + strings.Repeat(`]`, 9000) + `,"image":` + U + `}`:                {Image: u},
	} {
		got := resultOfAnswer(OutputKindImage, answerOf(`{"status":"completed","output":`+output+`}`)).Output
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", cut(output, 200), d)
		}
	}
}

// TestOutputFiles: every file has one place and one name of its own, whatever the
// names of the members are.
func TestOutputFiles(t *testing.T) {
	o := Output{Image: "i1", Images: []string{"i1", "i2"}, Videos: []string{"v"}, Audio: "a",
		Other: []NamedURL{{"mask", "m"}, {"images-1", "x"}, {"images_1", "y"}, {"../é", "z1"}, {"../é", "z2"}, {"__", "w"}, {"MASK", "n"}, {"depth", "m"},
			{strings.Repeat("n", 300), "long"}}}
	var got []string
	for _, f := range o.files() {
		got = append(got, f.place+" "+f.stem+" "+f.url)
	}
	want := []string{"images[0] images-1 i1", "images[1] images-2 i2", "videos[0] videos-1 v", "audio audio a", "mask mask m",
		"images-1 images-1_2 x", "images_1 images_1 y", "../é[0] ____-1 z1", "../é[1] ____-2 z2", "__ __ w", "MASK mask_2 n",
		strings.Repeat("n", 300) + " " + strings.Repeat("n", 64) + " long"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"z1", "z2"}, o.Named("../é")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"i1", "i2"}, o.Named("images")); d != "" {
		t.Error(d)
	}
}

// Ten thousand names of the same letters are told apart in linear time.
func TestOutputFilesMany(t *testing.T) {
	var o Output
	for i := range 100_000 {
		o.Other = append(o.Other, NamedURL{fmt.Sprintf("n%s", strings.Repeat("é", i%2)+string(rune(0x4e00+i%20000))), fmt.Sprint("u", i)})
	}
	if got := len(o.URLs()); got != 100_000 {
		t.Error(got)
	}
}
