package client

import "fmt"

// The small types print as words, in JSON too, and are read back from them.
var (
	chargedWords   = []string{ChargedNo: "no", ChargedYes: "yes", ChargedMaybe: "maybe"}
	mediaKindWords = []string{
		MediaKindOther: "other",
		MediaKindImage: "image",
		MediaKindVideo: "video",
		MediaKindAudio: "audio",
	}
	outputKindWords = []string{
		OutputKindOther: "other",
		OutputKindImage: "image",
		OutputKindVideo: "video",
		OutputKindAudio: "audio",
	}
	mediaCheckWords  = []string{MediaCheckLocal: "local", MediaCheckRemote: "remote", MediaCheckOff: "off"}
	ruleVerdictWords = []string{RuleVerdictUnknown: "unknown", RuleVerdictPass: "pass", RuleVerdictFail: "fail"}
	onCancelWords    = []string{
		OnCancelDetach:   "detach",
		OnCancelIfQueued: "cancel if queued",
		onCancelDefault:  "default",
	}
)

// word returns the word of a value, "" of one that has none.
func word[T ~uint8](words []string, v T) string {
	if int(v) < len(words) {
		return words[v]
	}
	return fmt.Sprint(uint8(v))
}

// fromWord sets v to the value of a word.
func fromWord[T ~uint8](words []string, v *T, text []byte) error {
	for i, w := range words {
		if w == string(text) {
			*v = T(i)
			return nil
		}
	}
	return fmt.Errorf("runcomfy: %.40q is not a %T", text, *v)
}

// String returns "no", "yes" or "maybe".
func (c Charged) String() string                { return word(chargedWords, c) }
func (c Charged) MarshalText() ([]byte, error)  { return []byte(c.String()), nil }
func (c *Charged) UnmarshalText(b []byte) error { return fromWord(chargedWords, c, b) }

// String returns "image", "video", "audio" or "other".
func (k MediaKind) String() string                { return word(mediaKindWords, k) }
func (k MediaKind) MarshalText() ([]byte, error)  { return []byte(k.String()), nil }
func (k *MediaKind) UnmarshalText(b []byte) error { return fromWord(mediaKindWords, k, b) }

// String returns "image", "video", "audio" or "other".
func (k OutputKind) String() string                { return word(outputKindWords, k) }
func (k OutputKind) MarshalText() ([]byte, error)  { return []byte(k.String()), nil }
func (k *OutputKind) UnmarshalText(b []byte) error { return fromWord(outputKindWords, k, b) }

// String returns "local", "remote" or "off".
func (m MediaCheck) String() string                { return word(mediaCheckWords, m) }
func (m MediaCheck) MarshalText() ([]byte, error)  { return []byte(m.String()), nil }
func (m *MediaCheck) UnmarshalText(b []byte) error { return fromWord(mediaCheckWords, m, b) }

// String returns "pass", "fail" or "unknown".
func (v RuleVerdict) String() string                { return word(ruleVerdictWords, v) }
func (v RuleVerdict) MarshalText() ([]byte, error)  { return []byte(v.String()), nil }
func (v *RuleVerdict) UnmarshalText(b []byte) error { return fromWord(ruleVerdictWords, v, b) }

// String returns "detach" or "cancel if queued".
func (p OnCancelPolicy) String() string                { return word(onCancelWords, p) }
func (p OnCancelPolicy) MarshalText() ([]byte, error)  { return []byte(p.String()), nil }
func (p *OnCancelPolicy) UnmarshalText(b []byte) error { return fromWord(onCancelWords, p, b) }
