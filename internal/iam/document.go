package iam

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"dynamoguard/internal/partition"
)

// Kind is the place of a document, which decides its grammar.
type Kind uint8

const (
	// Identity is a policy of a role, user, group or permission set, a managed policy, a permissions boundary, or a service
	// control policy: it names no principal.
	Identity Kind = iota
	// Resource is the resource-based policy of a table or a stream.
	Resource
	// Trust is the trust policy of a role: it names no resource.
	Trust
	// ResourceControl is a resource control policy of an organization: it is about everyone, and denies.
	ResourceControl
	Kinds = iota // how many there are
)

// Document is a policy document as far as it could be read.
type Document struct {
	Kind       Kind
	Version    string // as written; "" when there is none, which means 2008-10-17
	ID         string
	Statements []Statement // those that could be read, in the order of the document
	Errors     []Error     // what IAM would refuse, in the order of the document; none when it is valid

	text      string
	partition string // the one partition that the document's ARNs name, "" for none or several
}

// Readable reports whether at least one statement could be read. The document may still have errors.
func (d *Document) Readable() bool { return len(d.Statements) > 0 }

// Size is the length of the document in characters, white space left out: what IAM counts against the limits for managed
// and inline policies, which differ by what holds the policy. White space within strings is left out too, so that the
// size is never greater than IAM's.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func (d *Document) Size() int {
	size := utf8.RuneCountInString(d.text)
	for _, c := range []byte(d.text) {
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			size--
		}
	}
	return size
}

// Text is the document as it was written.
func (d *Document) Text() string { return d.text }

// RawSize is the length of the document in bytes, white space counted: what DynamoDB counts against the 20 KB of a
// resource-based policy.
func (d *Document) RawSize() int { return len(d.text) }

// variables reports whether "${...}" in the document is a policy variable, not literal text. A version that IAM does not
// know counts as the newer one: a variable can only widen.
func (d *Document) variables() bool {
	return d.Version != "" && d.Version != "2008-10-17"
}

// Effect is what a statement does with the requests it matches.
type Effect uint8

const (
	Allow Effect = iota
	Deny
)

func (e Effect) String() string { return [...]string{"Allow", "Deny"}[e] }

// Statement is one statement of a document.
//
// What could not be read of an Allow is as wide as possible: the Action or Resource is a pattern "", which stands for
// "*", and the Condition is none. A Deny of which something could not be read denies nothing.
type Statement struct {
	Index      int // position in the document, from 0
	Sid        string
	Effect     Effect
	Principal  Principals // empty in an identity policy
	Action     Patterns
	Resource   Patterns // empty in a trust policy; in a table's policy, empty means the table
	Conditions []Condition

	void      bool // a Deny that could not be read
	part      bool // what is not known of it is left out, see ParsePart
	awaits    bool // a value of Resource is
	bare      bool // the document's Statement is an object, not a list
	variables bool // "${...}" is a policy variable
	complete  bool // fields missing at the end of an ARN are any
	actions   ActionSet
	resources []resource // of Resource.Texts, in their order
}

// Actions are the actions of the catalogue that the statement is about, whether it allows or denies them.
func (s *Statement) Actions() ActionSet { return s.actions }

// Patterns are the values of Action or NotAction, of Resource or NotResource.
type Patterns struct {
	Not   bool     // NotAction, NotResource: everything but these
	Texts []string // as written, JSON's escapes resolved; "" is an element that could not be read

	absent bool // the statement has no such element: Texts stands for what it was read as
	bare   bool // a single string, not a list
}

// Principals are the values of Principal or NotPrincipal.
type Principals struct {
	Not  bool
	List []Principal
}

// Principal is one value of a Principal element.
type Principal struct {
	Type string // "AWS", "Service", "Federated" or "CanonicalUser"; "*" for the Principal "*"
	ID   string // as written: an ARN, an account id, a service name, "*"
}

// Anyone reports whether the principal is everybody: "*" or {"AWS": "*"}, which are one in a resource-based policy.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (p Principal) Anyone() bool { return p.ID == "*" && (p.Type == "*" || p.Type == "AWS") }

// Element is a value of a document and where it stands.
type Element struct {
	Path string // relative to the document: "Statement[0].Action[1]"
	Text string // as written; "" for what is missing or could not be read
}

// place is where something stands in a document. It becomes a text only when that is asked for: most documents have
// nothing to say.
type place struct {
	statement int // -1 outside of the statements
	bare      bool
	element   string // "Action"; "Condition.StringEquals"; "" for the statement or document itself
	index     int    // -1 when the element is not a list
}

func (p place) String() string {
	var out []byte
	if p.statement >= 0 {
		out = append(out, "Statement"...)
		if !p.bare {
			out = append(strconv.AppendInt(append(out, '['), int64(p.statement), 10), ']')
		}
		if p.element != "" {
			out = append(out, '.')
		}
	}
	out = append(out, p.element...)
	if p.index >= 0 {
		out = append(strconv.AppendInt(append(out, '['), int64(p.index), 10), ']')
	}
	return string(out)
}

// Path is where the statement stands in the document: "Statement[0]", or "Statement" where that is no list.
func (s *Statement) Path() string { return place{s.Index, s.bare, "", -1}.String() }

// element is the i-th value of Action or Resource, named as the statement names it.
func (s *Statement) element(name string, p *Patterns, i int) Element {
	if p.absent || len(p.Texts) == 0 {
		return Element{Path: s.Path()}
	}
	if p.Not {
		name = "Not" + name
	}
	index := i
	if p.bare {
		index = -1
	}
	return Element{Path: place{s.Index, s.bare, name, index}.String(), Text: p.Texts[i]}
}

// elements are all values of Action or Resource.
func (s *Statement) elements(name string, p *Patterns) []Element {
	elements := make([]Element, len(p.Texts))
	for i := range p.Texts {
		elements[i] = s.element(name, p, i)
	}
	return elements
}

// OutsidePartition are the resources of the document that name another partition than this one, and those that name another
// one than that of their own region, in the order of the document; an element is in one of both. Where the name is "", all
// partitions are that one. Resources that the document's own Errors are about are left out.
func (d *Document) OutsidePartition(name string) (outside, contradicted []Element) {
	for i := range d.Statements {
		st := &d.Statements[i]
		for j, text := range st.Resource.Texts {
			if resourceProblem(text) != "" || text == "*" {
				continue
			}
			fields, n := arnFields(text)
			its := fields[1]
			switch {
			case !partition.Is(its):
			case name != "" && its != name:
				outside = append(outside, st.element("Resource", &st.Resource, j))
			case n > 3 && namesRegion(fields[3]) && partition.Of(fields[3]) != its:
				contradicted = append(contradicted, st.element("Resource", &st.Resource, j))
			}
		}
	}
	return outside, contradicted
}

// Error is one reason why IAM would refuse a document.
type Error struct {
	// Path is where, relative to the document: "Statement[0].Action[2]"; "" for the document itself. It holds names of the
	// policy grammar and indexes only, nothing of the document's text.
	Path string
	// Value is the text that is wrong, at most 64 characters of it; "" when it is something missing, or not a text.
	Value string
	// Reason says what is wrong and what IAM wants. It holds nothing of the document's text.
	Reason string
}

// In is the error as a message about a document at this path of a resource:
// In("policy") is `policy.Statement[0].Effect "allow" is not "Allow" or "Deny"`.
func (e Error) In(root string) string {
	path := e.Path
	switch {
	case root == "":
	case path == "":
		path = root
	default:
		path = root + "." + path
	}
	out := make([]string, 0, 3)
	if path != "" {
		out = append(out, path)
	}
	if e.Value != "" {
		out = append(out, strconv.Quote(e.Value))
	}
	return strings.Join(append(out, e.Reason), " ")
}

// String is the message without a root: `Statement[0].Effect "allow" is not "Allow" or "Deny"`.
func (e Error) String() string { return e.In("") }

const (
	maxErrors    = 50 // a document that is wrong everywhere needs no longer list
	maxErrorText = 64 // characters of Error.Value
)

// more is the last error of a document that has too many.
func more(n int) Error {
	return Error{Reason: fmt.Sprintf("has %d more errors", n)}
}

func shorten(text string) string {
	n := 0
	for i := range text {
		if n == maxErrorText {
			return text[:i] + "…"
		}
		n++
	}
	return text
}
