package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"dynamoguard/internal/resource"
)

// A Baseline is what was found when the pack was adopted, or on the branch that a change goes to: what is in it fails nothing.
type Baseline struct {
	Known int     `json:"known"`          // findings of the report that are in it
	Gone  []Entry `json:"gone,omitempty"` // findings that it has of the stacks of the report, and the report has not
}

// An Entry is a finding as a baseline has it. Its fingerprint says which; the rest is for people.
type Entry struct {
	Fingerprint string       `json:"fingerprint"`
	Policy      string       `json:"policy"`
	Stack       string       `json:"stack"`
	URN         resource.URN `json:"urn"`
	Path        string       `json:"path"`
	Wrong       string       `json:"wrong"`
}

// Entries are the findings that nothing permits, in an order that does not depend on that of the judgement.
func (r *Report) Entries() []Entry {
	entries := []Entry{}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Outcome == Failed && !f.Mended {
			entries = append(entries, Entry{f.Fingerprint, f.Policy, f.Stack, f.URN, f.Path, undated(f.Wrong)})
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(strings.Compare(a.Stack, b.Stack), strings.Compare(string(a.URN), string(b.URN)), strings.Compare(a.Policy, b.Policy),
			strings.Compare(a.Path, b.Path), strings.Compare(a.Fingerprint, b.Fingerprint))
	})
	return entries
}

// WriteBaseline writes a baseline of all that is found and nothing permits, so that a review of the file shows what comes and goes.
var WriteBaseline = Format{"baseline", "json", func(w io.Writer, r *Report, _ Options) error {
	return encode(w, struct {
		SchemaVersion int     `json:"schemaVersion"`
		Findings      []Entry `json:"findings"`
	}{SchemaVersion, r.Entries()})
}}

// ReadBaseline reads what WriteBaseline wrote; a report as JSON is a baseline too.
func ReadBaseline(in io.Reader) ([]Entry, error) {
	var written struct {
		SchemaVersion int `json:"schemaVersion"`
		Findings      *[]struct {
			Entry
			Outcome Outcome `json:"outcome"` // of a report
			Mended  bool    `json:"remediated"`
		} `json:"findings"`
	}
	if err := decode(in, &written); err != nil {
		return nil, err
	}
	switch {
	case written.Findings == nil:
		return nil, errors.New("it has no findings, and so is neither a baseline nor a report as JSON")
	case written.SchemaVersion != SchemaVersion:
		return nil, fmt.Errorf("its schemaVersion is %d, and this pack reads %d; write it anew", written.SchemaVersion, SchemaVersion)
	}
	var entries []Entry
	for i, f := range *written.Findings {
		switch {
		case f.Fingerprint == "":
			return nil, fmt.Errorf("findings[%d] has no fingerprint", i)
		case f.Outcome != Exempt && !f.Mended:
			entries = append(entries, f.Entry)
		}
	}
	return entries, nil
}

// Compare marks the findings that are in a baseline. Of stacks that the report is not about it says nothing.
func (r *Report) Compare(baseline []Entry) {
	r.Baseline = &Baseline{}
	in := map[string]bool{}
	for _, e := range baseline {
		in[e.Fingerprint] = true
	}
	found := map[string]bool{}
	for i := range r.Findings {
		f := &r.Findings[i]
		found[f.Fingerprint] = true
		if f.Known = f.Outcome == Failed && !f.Mended && in[f.Fingerprint]; f.Known {
			r.Baseline.Known++
		}
	}
	for _, e := range baseline {
		if !found[e.Fingerprint] && slices.ContainsFunc(r.Stacks, func(s Stack) bool { return s.Name == e.Stack && s.Ended }) {
			r.Baseline.Gone = append(r.Baseline.Gone, e)
		}
	}
}

// Read reads a report as JSON, to be compared and written in other formats.
func Read(in io.Reader) (*Report, error) {
	r := &Report{}
	if err := decode(in, r); err != nil {
		return nil, fmt.Errorf("it is no report as JSON: %w", err)
	}
	switch {
	case r.SchemaVersion == 0 || r.Kind == "":
		return nil, errors.New("it is no report as JSON")
	case r.SchemaVersion != SchemaVersion:
		return nil, fmt.Errorf("its schemaVersion is %d, and this pack reads %d", r.SchemaVersion, SchemaVersion)
	}
	return r, r.whole()
}

// whole reports what a report refers to and has not.
func (r *Report) whole() error {
	stacks, policies := map[string]bool{}, map[string]bool{}
	for i := range r.Stacks {
		stacks[r.Stacks[i].Name] = true
	}
	for i := range r.Policies {
		policies[r.Policies[i].Name] = true
	}
	for i := range r.Resources {
		of := &r.Resources[i]
		if !stacks[of.Stack] {
			return fmt.Errorf("resources[%d] is of %q, which is no stack of it", i, of.Stack)
		}
		for _, j := range of.Judgements {
			if !policies[j.Policy] {
				return fmt.Errorf("resources[%d] was judged by %q, which is no policy of it", i, j.Policy)
			}
		}
	}
	for i := range r.Findings {
		switch f := &r.Findings[i]; {
		case !stacks[f.Stack]:
			return fmt.Errorf("findings[%d] is of %q, which is no stack of it", i, f.Stack)
		case !policies[f.Policy]:
			return fmt.Errorf("findings[%d] is of %q, which is no policy of it", i, f.Policy)
		}
	}
	return r.Matrix.whole()
}

// whole reports what a matrix refers to and has not.
func (m *Matrix) whole() error {
	if m == nil {
		return nil
	}
	known := func(a *Access) bool {
		for _, right := range a.Rights() {
			if slices.ContainsFunc(right.By, func(i int) bool { return i < 0 || i >= len(m.Statements) }) {
				return false
			}
		}
		return true
	}
	for i := range m.Principals {
		p := &m.Principals[i]
		for k := range p.Access {
			if !known(&p.Access[k]) {
				return fmt.Errorf("matrix.principals[%d].access[%d] names a statement that it has not", i, k)
			}
		}
		next := 0
		for k, s := range p.Spans {
			if s.First < next || s.Last < s.First || s.Last >= len(m.Tables) || s.Access < 0 || s.Access >= len(p.Access) {
				return fmt.Errorf("matrix.principals[%d].spans[%d] is not of tables and of an access that it has", i, k)
			}
			next = s.Last + 1
		}
		for k := range p.Beyond {
			if b := &p.Beyond[k]; b.Statement < 0 || b.Statement >= len(m.Statements) || !known(&b.Access) {
				return fmt.Errorf("matrix.principals[%d].beyond[%d] names a statement that it has not", i, k)
			}
		}
	}
	return nil
}

// decode reads one JSON text, and says what is wrong with it as people would.
func decode(in io.Reader, into any) error {
	d := json.NewDecoder(in)
	var mistyped *json.UnmarshalTypeError
	switch err := d.Decode(into); {
	case errors.As(err, &mistyped):
		return fmt.Errorf("%s is %s", cmp.Or(mistyped.Field, "it"), mistyped.Value)
	case errors.Is(err, io.EOF):
		return errors.New("it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends in the middle")
	case err != nil:
		return err
	case d.More():
		return errors.New("something follows its end")
	}
	return nil
}
