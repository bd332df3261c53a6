// Package state reads the resources of a stack from its state.
package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"dynamoguard/internal/jsonscan"
	"dynamoguard/internal/resource"
)

// A Resource is one resource of a state. Its Properties are its inputs, and its Provider has the inputs that the state has,
// the version among them; where the state does not have the provider, no inputs.
//
// What the state keeps encrypted is unknown and secret.
type Resource struct {
	resource.Resource

	ID           string // empty for a component
	Outputs      resource.Value
	Dependencies []resource.URN
	Position     Position

	Delete             bool // it was replaced, and is to be deleted
	Creating           bool // it was being created, or imported, when an update broke off: it may be there or not
	External           bool // it is only read
	PendingReplacement bool // it was deleted, and is to be created again
}

// A Position is where in a program a resource was declared; zero where the state does not say.
type Position struct {
	File string // relative to the folder of the project, with slashes
	Line int    // from 1
}

// The versions of the format of states that are read. Since 2, resources can be external; since 3, they name their
// provider; and 4 lists features.
//
// Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go
const (
	oldest = 1
	newest = 4
)

// mostMemory bounds what one resource may take in memory, mostProviders what the providers of a state may, and perValue is
// about what Go needs to hold a value beside its text, an empty object as it is decoded for one. Without them 20 KB of gzip
// take a gigabyte. The largest resources that are known have some hundred KB, and some thousand values.
const (
	mostMemory    = 16 << 20
	mostProviders = 64 << 20
	perValue      = 128
)

// providerTypes is what the types of providers begin with.
const providerTypes = "pulumi:providers:"

// Read calls each for the resources of wanted types, of all types where wanted is nil, in the order of the state, and after
// them for those that were being created: a checkpoint as a backend keeps it, or an export, in UTF-8 or, with a byte-order
// mark, as Windows writes them, in UTF-16. It reads in one pass, keeps the text of one resource in memory at a time, and decrypts nothing. Providers are decoded, others
// that are not wanted only skipped, however large they are. A resource that is decoded and takes more than 16 MB is an error,
// as are providers that take more than 64 MB in all.
//
// An error says at which byte of the text, as UTF-8 without the mark, what is wrong, and never quotes a value.
func Read(r io.Reader, wanted func(typ string) bool, each func(*Resource)) error {
	return read(r, &reader{wanted: wanted, each: each})
}

// ReadAll is Read of all resources, of which those of other types than whole have no inputs, no outputs and no dependencies: to decode
// these takes most of the time, and most resources are of no interest.
func ReadAll(r io.Reader, whole func(typ string) bool, each func(*Resource)) error {
	return read(r, &reader{whole: whole, each: each})
}

// ReadWritten is Read, and calls written with the time at which the state says that it was written, if it does.
func ReadWritten(r io.Reader, wanted func(typ string) bool, each func(*Resource), written func(time.Time)) error {
	return read(r, &reader{wanted: wanted, each: each, written: written})
}

func read(r io.Reader, s *reader) error {
	s.Scanner, s.providers = jsonscan.New(Unmarked(r), mostMemory), map[string]*resource.Provider{}
	s.top()
	if s.Err() == nil && s.Next() != 0 {
		s.Unexpected("the end")
	}
	if s.Err() != nil {
		return fmt.Errorf("not a state: %w", s.Err())
	}
	return nil
}

type reader struct {
	*jsonscan.Scanner
	wanted    func(typ string) bool
	whole     func(typ string) bool
	each      func(*Resource)
	written   func(time.Time)
	providers map[string]*resource.Provider // by urn::id, and the one that is not to be deleted also by URN
	kept      int                           // what the providers take in memory
}

// top reads {"version", "checkpoint": {"latest": {"resources"}}} or {"version", "deployment": {"resources"}}. Some versions of the CLI,
// such as v3.200.0, begin the names within a checkpoint with capitals.
//
// Source: https://github.com/pulumi/pulumi/blob/v3.200.0/pkg/resource/stack/checkpoint.go
func (s *reader) top() {
	known := false
	s.Members(func(name string) {
		switch name {
		case "version":
			s.version()
		case "deployment":
			known = true
			s.deployment()
		case "checkpoint":
			s.Members(func(name string) {
				switch name {
				case "latest", "Latest":
					known = true
					s.deployment()
				case "stack", "Stack": // alone, of one that was never deployed
					known = true
					s.Skip()
				default:
					s.Skip()
				}
			})
			if s.Err() == nil && !known {
				s.Fail("the checkpoint has neither a stack nor a latest deployment")
			}
		default:
			s.Skip()
		}
	})
	if s.Err() == nil && !known {
		s.Fail("it has neither a checkpoint nor a deployment")
	}
}

func (s *reader) version() {
	var version int
	err := json.Unmarshal(s.Value(), &version)
	switch {
	case s.Err() != nil:
	case err != nil || version < oldest:
		s.Fail("its version is not a number from %d to %d", oldest, newest)
	case version > newest:
		s.Fail("version %d is newer than %d, the newest this version of dynamoguard reads; update it", version, newest)
	}
}

// deployment reads the resources of a deployment; a stack that was never deployed has null in its place.
func (s *reader) deployment() {
	if s.Next() == 'n' {
		s.Skip()
		return
	}
	list := func(name string, element func()) {
		switch s.Next() {
		case '[':
			s.Elements(func(int) { element() })
		case 'n':
			s.Skip()
		default:
			s.Fail("%s is not a list", name)
		}
	}
	s.Members(func(name string) {
		switch name {
		case "resources":
			list(name, func() {
				text, typ := s.resource()
				s.take(text, typ, false)
			})
		case "pending_operations":
			list(name, s.operation)
		case "manifest":
			s.manifest()
		default:
			s.Skip()
		}
	})
}

// manifest reads when the state was written: {"time"}. What is no time tells nothing.
func (s *reader) manifest() {
	if s.written == nil || s.Next() != '{' {
		s.Skip()
		return
	}
	s.Members(func(name string) {
		if name != "time" || s.Next() != '"' {
			s.Skip()
			return
		}
		if at, err := time.Parse(time.RFC3339, s.Text()); err == nil && at.Unix() > 0 {
			s.written(at)
		}
	})
}

// operation reads an operation that was under way when an update broke off: {"resource", "type"}. What is being updated or
// deleted is among the resources.
//
// Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go
func (s *reader) operation() {
	var text []byte
	var typ, operation string
	s.Members(func(name string) {
		switch {
		case name == "resource" && s.Next() == '{':
			text, typ = s.resource()
			text = bytes.Clone(text)
		case name == "type" && s.Next() == '"':
			operation = s.Text()
		default:
			s.Skip()
		}
	})
	if operation == "creating" || operation == "importing" {
		s.take(text, typ, true)
	}
}

// encoded is a resource as a state has it.
type encoded struct {
	head
	Inputs               map[string]any            `json:"inputs"`
	Outputs              map[string]any            `json:"outputs"`
	Dependencies         []resource.URN            `json:"dependencies"`
	PropertyDependencies map[string][]resource.URN `json:"propertyDependencies"`
}

// A head is what a resource has whatever its type is.
type head struct {
	URN                resource.URN   `json:"urn"`
	Type               string         `json:"type"`
	ID                 string         `json:"id"`
	Provider           string         `json:"provider"` // urn::id
	Parent             resource.URN   `json:"parent"`
	Aliases            []resource.URN `json:"aliases"`
	Protect            bool           `json:"protect"`
	Delete             bool           `json:"delete"`
	External           bool           `json:"external"`
	PendingReplacement bool           `json:"pendingReplacement"`
	SourcePosition     string         `json:"sourcePosition"`
}

// resource reads the text of a resource of a type that matters; nil of another.
func (s *reader) resource() (text []byte, typ string) {
	text = s.ValueIf("type", func(t string) bool { // which stands before anything long
		typ = t
		return strings.HasPrefix(t, providerTypes) || s.wanted == nil || s.wanted(t)
	})
	return text, typ
}

// take decodes a resource.
func (s *reader) take(text []byte, typ string, creating bool) {
	isProvider := strings.HasPrefix(typ, providerTypes)
	if s.Err() != nil || text == nil {
		return
	}
	memory := len(text) + perValue*jsonscan.Values(text)
	if memory > mostMemory {
		s.Fail("the resource that ends at byte %d takes more than %d MB of memory", s.Offset(), mostMemory>>20)
		return
	}
	if isProvider {
		if s.kept += memory; s.kept > mostProviders {
			s.Fail("its providers take more than %d MB of memory", mostProviders>>20)
			return
		}
	}
	var e encoded
	var into any = &e
	if s.whole != nil && !isProvider && !s.whole(typ) {
		into = &e.head
	}
	if err := json.Unmarshal(text, into); err != nil {
		// The cause may quote a value.
		s.Fail("the resource that ends at byte %d cannot be read", s.Offset())
		return
	}
	e.Type = typ // what was asked about, whatever comes after it
	r := s.decode(&e)
	r.Creating = creating
	if isProvider {
		p := &resource.Provider{URN: r.URN, Type: r.Type, Name: r.Name, Properties: r.Properties}
		s.providers[string(r.URN)+"::"+r.ID] = p
		if !r.Delete {
			s.providers[string(r.URN)] = p
		}
	}
	if s.wanted == nil || s.wanted(typ) {
		s.each(r)
	}
}

func (s *reader) decode(e *encoded) *Resource {
	return &Resource{
		Resource: resource.Resource{
			URN:                  e.URN,
			Type:                 e.Type,
			Name:                 e.URN.Name(),
			Properties:           properties(e.Inputs),
			Options:              resource.Options{Protect: e.Protect, Parent: e.Parent, Aliases: e.Aliases},
			Provider:             s.provider(e.Provider),
			PropertyDependencies: e.PropertyDependencies,
		},
		ID:                 e.ID,
		Outputs:            properties(e.Outputs),
		Dependencies:       e.Dependencies,
		Position:           positionOf(e.SourcePosition),
		Delete:             e.Delete,
		External:           e.External,
		PendingReplacement: e.PendingReplacement,
	}
}

// properties decodes inputs or outputs. As a whole they may be a secret too.
func properties(m map[string]any) resource.Value {
	if m == nil {
		return resource.ObjectValue(nil)
	}
	return resource.Decode(m)
}

// provider finds a provider by a reference, urn::id. A state has it before what it manages.
func (s *reader) provider(reference string) *resource.Provider {
	i := strings.LastIndex(reference, "::")
	if i < 0 {
		return nil
	}
	if p := s.providers[reference]; p != nil {
		return p
	}
	urn := resource.URN(reference[:i])
	if p := s.providers[string(urn)]; p != nil {
		return p
	}
	return &resource.Provider{URN: urn, Type: urn.Type(), Name: urn.Name(), Properties: resource.ObjectValue(nil)}
}

// positionOf reads project:///<file>#<line>[,<column>].
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/source_eval.go
func positionOf(text string) Position {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "project" {
		return Position{}
	}
	line, _, _ := strings.Cut(u.Fragment, ",")
	n, err := strconv.Atoi(line)
	if err != nil || n < 1 {
		return Position{}
	}
	return Position{File: strings.TrimPrefix(u.Path, "/"), Line: n}
}
