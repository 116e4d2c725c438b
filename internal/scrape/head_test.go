package scrape

import "testing"

func TestCleanTitle(t *testing.T) {
	for in, want := range map[string]string{
		"Kling | RunComfy":                "Kling",
		"Kling – runcomfy.com ":           "Kling",
		"Image | Text":                    "Image | Text",
		"RunComfy Seedance 2.5":           "RunComfy Seedance 2.5",
		"a\n  b\tc":                       "a b c",
		"evil\u202e\x1b[31m title":        "evil[31m title",
		"modelApiDoc_title | RunComfy":    "",
		"Model modelApiDoc_navInput page": "",
		"bad\xffbyte":                     "bad\ufffdbyte",
	} {
		if got := cleanTitle(in); got != want {
			t.Errorf("cleanTitle(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPageURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://www.runcomfy.com/models/a/api?utm=1#x":  "https://www.runcomfy.com/models/a/api",
		"https://RunComfy.com/it/models/a%2Fb/api":       "https://runcomfy.com/it/models/a%2Fb/api",
		"http://www.runcomfy.com/models/a/api":           "",
		"https://runcomfy.com.evil.example/models/a/api": "",
		"https://evilruncomfy.com/":                      "",
		"https://user@www.runcomfy.com/":                 "",
		"https://www.runcomfy.com:444/":                  "",
		"javascript:alert(1)":                            "",
		"/models/a/api":                                  "",
		"https://www.runcomfy.com/a\nb":                  "",
		"":                                               "",
	} {
		if got := pageURL(in); got != want {
			t.Errorf("pageURL(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLocale(t *testing.T) {
	for _, tt := range []struct{ address, lang, want string }{
		{"https://www.runcomfy.com/models/a/api", "", ""},
		{"https://www.runcomfy.com/it/models/a/api", "en", "it"},
		{"https://runcomfy.com/zh-CN/playground/a/api", "", "zh-CN"},
		{"https://runcomfy.com/en/models/a/api", "", ""},
		{"https://runcomfy.com/models/a/api", "fr", "fr"},
		{"", "en-US", ""},
		{"", "ja", "ja"},
		{"", "x\x1b[31m", ""},
		{"https://other.example/it/models", "", ""},
	} {
		if got := locale(tt.address, tt.lang); got != tt.want {
			t.Errorf("locale(%q, %q) = %q, want %q", tt.address, tt.lang, got, tt.want)
		}
	}
}

func TestTextHead(t *testing.T) {
	for name, tt := range map[string]struct{ text, title, description string }{
		"title and sentence":  {"A fine model\n\nIt turns words into moving pictures.\ncurl x", "A fine model", "It turns words into moving pictures."},
		"markdown":            {"# A fine model\n\nIt turns words into moving pictures.\n", "A fine model", "It turns words into moving pictures."},
		"another language":    {"動画 モデル\n言葉から動く映像を作り出す新しいモデルです。\n", "動画 モデル", "言葉から動く映像を作り出す新しいモデルです。"},
		"around the id":       {"logo\nMenu\nA fine model\nv/m\nIt turns words into moving pictures.", "A fine model", "It turns words into moving pictures."},
		"id without sentence": {"logo\nMenu\nA fine model\n`v/m`\nStart", "A fine model", ""},
		"menus":               {"logo\nModels\nPricing\n", "", ""},
		"leaked keys":         {"modelApiDoc_a modelApiDoc_b\nIt turns words into moving pictures.", "", ""},
		"sentence first":      {"It turns words into moving pictures.\nAnd that is really all there is.", "", ""},
		"only behind code":    {"curl x\nA fine model\nIt turns words into moving pictures.", "", ""},
	} {
		title, description := textHead([]byte(tt.text), "v/m")
		if title != tt.title || description != tt.description {
			t.Errorf("%s: %q, %q", name, title, description)
		}
	}
}
