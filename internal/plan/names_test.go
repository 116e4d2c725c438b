package plan

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

func TestModelNames(t *testing.T) {
	for id, want := range map[string]string{
		"kling/kling-2-6/pro/image-to-video":     "Kling2_6ProImageToVideo",
		"wan-ai/wan-2.7/edit-video":              "Wan2_7EditVideo",
		"kling/kling-video-o3/4K/image-to-video": "KlingVideoO3_4KImageToVideo",
		"elevenlabs/elevenlabs/music-generation": "ElevenlabsMusicGeneration",
		"minimax/Hailuo Video 01 Live":           "HailuoVideo01Live",
		"community/infinite-talk":                "InfiniteTalk",
		"bytedance/seedance-v1.5-pro/draft":      "SeedanceV1_5ProDraft",
		"one-segment":                            "OneSegment",
		"acme/2.6":                               "N2_6",
		"acme/4k-video":                          "N4kVideo",
		"acme/2-video":                           "Video2",
		"acme/画像":                                "X画像",
		"acme/größe":                             "Größe",
		"acme/---":                               "Acme",
		"🎬/🎥":                                    "XU1F3ACU002FU1F3A5",
	} {
		if got := modelName(id); got != want {
			t.Errorf("modelName(%q) = %s, want %s", id, got, want)
		}
	}
}

func TestIdentifiers(t *testing.T) {
	for property, want := range map[string]string{
		"image_url": "ImageURL", "cfg_scale": "CfgScale", "promptImage": "PromptImage",
		"241_positive_prompt": "PositivePrompt241", "110_image": "Image110", "112_image": "Image112",
		"3d_mode": "N3dMode", "1080p": "N1080p", "4k": "N4k", "720": "N720", "1_2": "N1_2", "1_2_a": "A1_2",
		"image_url_1": "ImageURL1", "imageURLs": "ImageURLs", "image_urls": "ImageURLs", "ids": "IDs",
		"api_fps_gif_html_http_https_id": "APIFPSGIFHTMLHTTPHTTPSID", "json_jpeg_mp3_mp4_png_rgb": "JSONJPEGMP3MP4PNGRGB",
		"svg_ui_uri_url_uuid": "SVGUIURIURLUUID", "cpu_gpu_ai_lora": "CpuGpuAiLora", "HTTPServer": "HTTPServer",
		"type": "Type", "_private": "Private", "a.b-c d/e": "ABCDE", "$ref": "Ref", "-": "XU002D", "": "X",
		"日本": "X日本", "école": "École", "ß": "Xß", "a1b2": "A1b2", "v2.0": "V2_0", "seed2_1": "Seed2_1", "x_9y": "X9y", "٣": "N٣",
	} {
		if got := identifier(property); got != want {
			t.Errorf("identifier(%q) = %s, want %s", property, got, want)
		}
	}
}

func TestMemberNames(t *testing.T) {
	for value, want := range map[string]string{
		"16:9": "16x9", "1152:864 (4:3)": "1152x864_4x3", "0.5K": "0_5K", "-1": "Minus1", "+1": "Plus1", "": "Empty",
		"720P": "720P", "720p": "720p", "a:b": "AB", "on/off": "OnOff", "*": "U002A", " ": "U0020", "type": "Type", "-a": "A",
		"image-url": "ImageURL", "1,000": "1_000", "1e-7": "1e7", "日本": "日本", "🎬🎬🎬🎬🎬": "U1F3ACU1F3ACU1F3ACU1F3AC",
	} {
		if got := memberName("T", value); got != "T"+want {
			t.Errorf("memberName(T, %q) = %s, want T%s", value, got, want)
		}
	}
	if got := memberName("Size2", "16:9"); got != "Size2_16x9" {
		t.Errorf("digits of type and value meet in %s", got)
	}
}

func TestFileNames(t *testing.T) {
	for name, want := range map[string]string{
		"Kling2_6ProImageToVideo":     "kling2_6_pro_image_to_video_model",
		"KlingVideoO3_4KImageToVideo": "kling_video_o3_4k_image_to_video_model",
		"Windows":                     "windows_model", "Test": "test_model", "N3dMode": "n3d_mode_model",
		"HTTPServer": "http_server_model", "ImageURL": "image_url_model", "X画像": "xu753bu50cf_model", "A_2": "a_2_model",
	} {
		if got := fileName(name); got != want {
			t.Errorf("fileName(%s) = %s, want %s", name, got, want)
		}
	}
	long := strings.Repeat("Abc", 300)
	if a, b := fileName(long), fileName(long+"D"); a == b || len(a) > 220 {
		t.Errorf("long names share or overflow a file: %s %s", a, b)
	}
}

// alphabet is what random names are made of: what makes the rules meet.
var alphabet = []string{"a", "b", "A", "B", "id", "url", "URLs", "1", "2", "10", "_", "-", ".", " ", "/", ":", "(", "+", "é", "ß", "日", "ǆ", "٣", "🎬", "\u0301", "\u202e", "\n", "\"", "Input", "Output", "input", "client", "validate"}

func randomName(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(5) {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

func TestNamesAreValid(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		s := randomName(r)
		checkNames(t, s)
	}
}

// checkNames holds for every text: what is named for it is an exported
// identifier and a plain file name.
func checkNames(t *testing.T, s string) {
	t.Helper()
	name := identifier(s)
	if !validName(name) || !validName(modelName(s)) || !validName(memberName(name, s)) {
		t.Errorf("names for %q: %q, %q, %q", s, name, modelName(s), memberName(name, s))
	}
	file := fileName(name)
	plain := func(c rune) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' }
	if !strings.HasSuffix(file, "_model") || len(file) > 240 || strings.ContainsFunc(file, func(c rune) bool { return !plain(c) }) {
		t.Errorf("the file for %q is %q", s, file)
	}
}

// randomDocs makes documents whose names want each other's places: few ids of
// few words, properties and enums named alike, objects in objects.
func randomDocs(t testing.TB, r *rand.Rand, n int) []*schema.Document {
	t.Helper()
	words := []string{"draw", "Draw", "edit", "input", "output", "draw-input", "edit/mode", "mode", "2", "2.6", "4K", "4k", "DRAW", "client", "submit", "日"}
	docs := map[string]*schema.Document{}
	for len(docs) < n {
		id := []string{"acme", "beta"}[r.IntN(2)]
		for range 1 + r.IntN(3) {
			id += "/" + words[r.IntN(len(words))]
		}
		if docs[id] == nil {
			docs[id] = document(t, id, randomObject(r, 0))
		}
	}
	var out []*schema.Document
	for _, d := range docs {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b *schema.Document) int { return strings.Compare(a.ModelID, b.ModelID) })
	return out
}

func randomObject(r *rand.Rand, depth int) string {
	names := []string{"mode", "Mode", "mo_de", "input", "output", "input_input", "draw", "validate", "model_id", "a", "A", "mode_a", "2", "2_a"}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var properties []string
	for _, name := range names[:1+r.IntN(5)] {
		value := `{"type": "string"}`
		switch k := r.IntN(6); {
		case k < 2:
			value = `{"enum": ["a", "A", "b c", "b_c"]}`
		case k == 2:
			value = `{"enum": ["a", "1", 1]}`
		case k == 3 && depth < 3:
			value = randomObject(r, depth+1)
		}
		properties = append(properties, fmt.Sprintf("%q: %s", name, value))
	}
	return `{"type": "object", "properties": {` + strings.Join(properties, ", ") + `}}`
}

// TestNamesAreUnique plans random packages: no two things of one Go scope have
// one name, also under the pins that Pin makes, which then change nothing.
func TestNamesAreUnique(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 200 {
		docs := randomDocs(t, r, 2+r.IntN(8))
		pkg, diags := Build(docs, Pins{}, Options{Package: "client"})
		if diags.HasErrors() {
			t.Fatal(diagText(diags))
		}
		checkUnique(t, pkg)
		pins, diags := Pin(nil, docs, Pins{})
		if diags.HasErrors() {
			t.Fatal(diagText(diags))
		}
		pinned, diags := Build(docs, pins, Options{Package: "client"})
		if diags.HasErrors() {
			t.Fatal(diagText(diags))
		}
		if d := cmp.Diff(pkg.Text(), pinned.Text()); d != "" {
			t.Fatalf("round %d: pins change names -without +with\n%s", round, d)
		}
		again, _ := Pin(docs, docs, pins)
		if d := cmp.Diff(string(pins.Bytes()), string(again.Bytes())); d != "" {
			t.Fatalf("round %d: a second Pin changes the pins\n%s", round, d)
		}
	}
}

func checkUnique(t *testing.T, pkg *ir.Package) {
	t.Helper()
	names, methods, files := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, name := range reserved {
		names[name], methods[name] = true, true
	}
	take := func(in map[string]bool, name string) {
		if in[name] || !validName(name) {
			t.Errorf("the name %s is taken or none\n%s", name, pkg.Text())
		}
		in[name] = true
	}
	for _, m := range pkg.Models {
		take(methods, m.Name)
		take(names, m.Input.Name)
		if files[m.File] {
			t.Errorf("two models share the file %s", m.File)
		}
		files[m.File] = true
		for _, s := range append([]*ir.Struct{m.Input}, m.Structs...) {
			fields := map[string]bool{"UnmarshalJSON": true}
			if s == m.Input {
				fields["ModelID"], fields["Validate"], fields["MediaRules"] = true, true, true
			} else {
				take(names, s.Name)
			}
			for _, f := range s.Fields {
				take(fields, f.Name)
			}
		}
		for _, e := range m.Enums {
			take(names, e.Name)
			for _, member := range e.Members {
				take(names, member.Name)
			}
		}
	}
}

// TestNewModelsRenameNothing pins random packages, adds models and properties
// anywhere among them and shuffles the pages: every name that was there is there
// still, for the same place.
func TestNewModelsRenameNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for round := range 200 {
		all := randomDocs(t, r, 3+r.IntN(8))
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		old := make([]*schema.Document, 1+r.IntN(len(all)-1))
		for i, d := range all[:len(old)] {
			old[i] = document(t, d.ModelID, fewer(r, d.Input).Compact())
		}
		pins, _ := Pin(nil, old, Pins{})
		before, _ := Build(old, pins, Options{Package: "client"})

		next := slices.Clone(all)
		for i, d := range next {
			next[i] = document(t, d.ModelID, shuffled(r, d.Input).Compact())
		}
		nextPins, diags := Pin(old, next, pins)
		after, more := Build(next, nextPins, Options{Package: "client"})
		if diags.HasErrors() || more.HasErrors() {
			t.Fatalf("round %d: %s%s", round, diagText(diags), diagText(more))
		}
		checkUnique(t, after)
		for _, m := range before.Models {
			i := slices.IndexFunc(after.Models, func(n ir.Model) bool { return n.ID == m.ID })
			now := namesOf(&after.Models[i])
			for place, name := range namesOf(&m) {
				if now[place] != name {
					t.Fatalf("round %d: %s of %s was %s and is %s", round, place, m.ID, name, now[place])
				}
			}
		}

		// Pages in another order need no new pins.
		reordered := make([]*schema.Document, len(old))
		for i, d := range old {
			reordered[i] = document(t, d.ModelID, shuffled(r, d.Input).Compact())
		}
		mixed, _ := Build(reordered, pins, Options{Package: "client"})
		for i := range before.Models {
			if d := cmp.Diff(namesOf(&before.Models[i]), namesOf(&mixed.Models[i])); d != "" {
				t.Fatalf("round %d: names in page order -old +new\n%s", round, d)
			}
		}

		// Models that are new change nothing at all in the plan of the others.
		grown := slices.Concat(old, all[len(old):])
		same, _ := Pin(old, grown, pins)
		whole, _ := Build(grown, same, Options{Package: "client", Select: func(id string) bool {
			return slices.ContainsFunc(old, func(d *schema.Document) bool { return d.ModelID == id })
		}})
		if d := cmp.Diff(before.Text(), whole.Text()); d != "" {
			t.Fatalf("round %d: other models change these -alone +among others\n%s", round, d)
		}
	}
}

// shuffled returns a schema with its properties in another order.
func shuffled(r *rand.Rand, v *jsontree.Value) *jsontree.Value {
	out := *v
	out.Members = slices.Clone(v.Members)
	for i, m := range out.Members {
		if m.Name == "properties" {
			properties := *m.Value
			properties.Members = slices.Clone(m.Value.Members)
			r.Shuffle(len(properties.Members), func(i, j int) {
				properties.Members[i], properties.Members[j] = properties.Members[j], properties.Members[i]
			})
			for j, p := range properties.Members {
				properties.Members[j].Value = shuffled(r, p.Value)
			}
			out.Members[i].Value = &properties
		}
	}
	return &out
}

// fewer returns a schema without some of its properties.
func fewer(r *rand.Rand, v *jsontree.Value) *jsontree.Value {
	out := shuffled(r, v)
	for i, m := range out.Members {
		if m.Name == "properties" {
			properties := *m.Value
			properties.Members = slices.Clone(m.Value.Members[:1+r.IntN(len(m.Value.Members))])
			for j, p := range properties.Members {
				properties.Members[j].Value = fewer(r, p.Value)
			}
			out.Members[i].Value = &properties
		}
	}
	return out
}

// namesOf lists the names of a model by what they are for.
func namesOf(m *ir.Model) map[string]string {
	names := map[string]string{"": m.Name + " " + m.File}
	var object func(path string, s *ir.Struct)
	object = func(path string, s *ir.Struct) {
		names[path+" type"] = s.Name
		for _, f := range s.Fields {
			at := path + "." + f.JSON
			names[at] = f.Name
			switch typ := f.Type.(type) {
			case *ir.Struct:
				object(at, typ)
			case *ir.Enum:
				names[at+" type"] = typ.Name
				for _, member := range typ.Members {
					names[at+"="+member.Value.String] = member.Name
				}
			}
		}
	}
	object("", m.Input)
	return names
}

// TestPinsWithOneKey has names of a page that make one key of two: "b=c" of a
// and "c" of "a=b". Both constants keep names of their own.
func TestPinsWithOneKey(t *testing.T) {
	docs := []*schema.Document{document(t, "acme/x", `{"type": "object", "properties": {
		"a": {"enum": ["b=c", "d"]}, "a=b": {"enum": ["c", "d"]}, "a type": {"type": "string"}, "a_type": {"type": "string"}}}`)}
	pins, _ := Pin(nil, docs, Pins{})
	pkg, diags := Build(docs, pins, Options{Package: "client"})
	if diags.HasErrors() {
		t.Error(diagText(diags))
	}
	checkUnique(t, pkg)
}

// names.json grows with the number of models; what is written can be read.
func TestNamesOfManyModelsAreReadAgain(t *testing.T) {
	pins := Pins{names: map[string]string{}}
	for i := range 2*jsontree.MaxMembers + 1 {
		pins.names[fmt.Sprintf("acme/model-%d/make", i)] = fmt.Sprintf("Model%dMake", i)
	}
	read, diags := ReadPins(&jsontree.Source{File: "names.json", Text: append([]byte("\ufeff"), pins.Bytes()...)})
	if len(diags) > 0 || !bytes.Equal(read.Bytes(), pins.Bytes()) {
		t.Errorf("%d names, %v", len(read.names), diags)
	}
}
