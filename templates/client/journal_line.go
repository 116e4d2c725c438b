package client

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A journal file begins with a header and has a record per line, each with a
// checksum over all before it: a line that changed, moved or went missing does not
// pass. Blanks follow the last line, always: they are the room in which the next
// lines are written, and a file that does not end in them was cut.
//
//	{"journal":"genclient","version":2,"sum":"0f1e2d3c4b5a6978"}
//	{"key":"a","revision":1,"state":"sending",...,"sum":"8796a5b4c3d2e1f0"}
const (
	journalHeader  = `{"journal":"genclient","version":2}`
	journalPadding = "                                                                " // behind the last line, or more
	minPadding     = 32                                                                 // less was cut
	sumHead        = `,"sum":"`
	sumLen         = 16 // hexadecimal digits
	sumTail        = "\"}\n"
	recordBegin    = `{"key":"`
)

// sealLine adds the checksum to a JSON object that is not empty, and ends the line.
// before is the checksum of the line before.
func sealLine(object []byte, before string) (line []byte, sum string) {
	// No line holds two blanks in a row, which only padding does.
	object = bytes.ReplaceAll(object, []byte("  "), []byte(` \u0020`))
	object = bytes.TrimSuffix(object, []byte("}"))
	sum = lineSum(object, before)
	return append(object, sumHead+sum+sumTail...), sum
}

func lineSum(object []byte, before string) string {
	h := sha256.New()
	_, _ = io.WriteString(h, before) // a hash takes whatever is written
	_, _ = h.Write(object)
	return fmt.Sprintf("%x", h.Sum(nil))[:sumLen]
}

// openLine returns the JSON object of a line, without its last brace, and its checksum.
func openLine(line []byte, before string) (object []byte, sum string, err error) {
	at := len(line) - len(sumHead) - sumLen - len(sumTail)
	if at < 1 || !bytes.HasPrefix(line[at:], []byte(sumHead)) || !bytes.HasSuffix(line, []byte(sumTail)) {
		return nil, "", errors.New("the line has no checksum")
	}
	object, sum = line[:at], string(line[at+len(sumHead):at+len(sumHead)+sumLen])
	if lineSum(object, before) != sum {
		return nil, "", errors.New("the checksum of the line does not fit")
	}
	return object, sum, nil
}

// journalContent is what a journal file holds.
type journalContent struct {
	records
	old     bool   // the format without header, checksums and padding
	end     int64  // of the whole lines
	sum     string // of the last one
	unended bool   // whose end of line is missing
	torn    []byte // the beginning of a record that a crash cut off
}

// A journalDamage is a place in a file that is not as this package writes it.
type journalDamage struct {
	offset int64
	line   int
	old    bool // of the format without padding
	reason error
}

func (d *journalDamage) Error() string {
	repair := fmt.Sprintf("replace all from byte %d on by %d blanks (head -c %[1]d FILE; printf '%%%[2]ds' '')", d.offset, len(journalPadding))
	switch {
	case d.offset == 0:
		repair = "move it away, so that a new one is made"
	case d.old:
		repair = fmt.Sprintf("remove all from byte %d on (head -c %[1]d FILE)", d.offset)
	}
	return fmt.Sprintf("the file is damaged at byte %d, in line %d: %v. Nothing was changed. Restore the file from a copy. "+
		"Without one, %s, and look up each key that may have been behind it in the account's history before it is submitted again",
		d.offset, d.line, d.reason, repair)
}

func (d *journalDamage) Unwrap() error { return d.reason }

// parseJournal reads a whole file. The error is a *journalDamage.
func parseJournal(content []byte) (*journalContent, error) {
	c := &journalContent{}
	n := 0
	damage := func(format string, args ...any) error {
		return &journalDamage{c.end, n + 1, c.old, fmt.Errorf(format, args...)}
	}
	if len(content) == 0 {
		return nil, damage("the file is empty, which a journal never is: remove it if nothing was ever submitted with it")
	}
	c.old = !bytes.HasPrefix(content, []byte(`{"journal":`))
	for rest := content; ; n++ {
		at := bytes.IndexByte(rest, '\n') + 1
		if at == 0 {
			return c, c.readTail(rest, damage)
		}
		if err := c.readLine(rest[:at], n); err != nil {
			return nil, damage("%w", err)
		}
		c.end += int64(at)
		rest = rest[at:]
	}
}

// readLine reads a whole line, the n-th from 0.
func (c *journalContent) readLine(line []byte, n int) error {
	object, whole := bytes.CutSuffix(line, []byte("}\n"))
	if c.old && !whole {
		return errors.New("the line is not a journal record")
	}
	if !c.old {
		var sum string
		var err error
		if object, sum, err = openLine(line, c.sum); err != nil {
			return err
		}
		c.sum = sum
		if n == 0 {
			if string(object)+"}" != journalHeader {
				return errors.New("a later version of this package wrote the file")
			}
			return nil
		}
	}
	r, err := readRecord(append(object[:len(object):len(object)], '}'), c.old)
	if err == nil {
		c.set(r)
	}
	return err
}

// readRecord reads a record and checks what later becomes part of a call.
func readRecord(object []byte, old bool) (JournalRecord, error) {
	var r struct {
		JournalRecord
		Sum string
	}
	switch err := json.Unmarshal(object, &r); {
	case err != nil, r.Key == "", !utf8.ValidString(r.Key), r.Revision < 1, r.State == "", old && r.Sum != "":
		return r.JournalRecord, errors.New("the line is not a journal record")
	case r.RequestID != "" && !validRequestID(r.RequestID), r.RequestID == "" && r.State == JournalStateAccepted:
		return r.JournalRecord, errors.New("the record has no valid request id")
	}
	return r.JournalRecord, nil
}

// readTail reads what follows the last whole line: padding, before it at most the
// beginning of a record.
func (c *journalContent) readTail(tail []byte, damage func(string, ...any) error) error {
	c.torn = bytes.TrimRight(tail, " ")
	switch padding := len(tail) - len(c.torn); {
	case !c.old && padding < minPadding:
		return damage("the file ends without its padding, so that it was cut")
	case c.old && len(c.torn) == 0 && padding > 0:
		return damage("blanks follow the last record")
	case len(c.torn) == 0:
		return nil
	case !beginsRecord(c.torn),
		c.end == 0 && !bytes.HasPrefix(c.torn, []byte(recordBegin)): // which may be what is left of a header
		return damage("neither a record nor padding follows")
	}
	if c.readLine(append(c.torn[:len(c.torn):len(c.torn)], '\n'), -1) == nil {
		c.end += int64(len(c.torn) + 1)
		c.unended, c.torn = true, nil
		return nil
	}
	if json.Valid(c.torn) {
		return damage("the checksum of the last line does not fit")
	}
	return nil
}

// beginsRecord reports whether text is, or may go on to be, a JSON object that
// begins as records do.
func beginsRecord(text []byte) bool {
	if head := string(text[:min(len(text), len(recordBegin))]); !strings.HasPrefix(recordBegin, head) {
		return false
	}
	var value json.RawMessage
	d := json.NewDecoder(bytes.NewReader(text))
	err := d.Decode(&value)
	return errors.Is(err, io.ErrUnexpectedEOF) || err == nil && d.InputOffset() == int64(len(text))
}

// tornRecord returns what a torn line says of its key when it holds a whole
// request id: the submit's answer was read, so that it may have been accepted.
func (c *journalContent) tornRecord() (JournalRecord, bool) {
	values := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(c.torn)); ; {
		name, err := d.Token()
		if err != nil {
			break
		}
		if name, ok := name.(string); ok {
			value, err := d.Token()
			if err != nil {
				break
			}
			values[name], _ = value.(string)
		}
	}
	r, found := c.byKey[values["key"]]
	if id := values["request_id"]; found && r.InDoubt() && validRequestID(id) {
		r.State, r.RequestID = JournalStateAmbiguous, id
		r.Revision++
		r.Reason = "the record of the outcome was cut off after the request id"
		return r, true
	}
	return JournalRecord{}, false
}
