package facts

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/iam"
	"dynamoguard/internal/jsonscan"
	"dynamoguard/internal/resource"
)

// A holder is a property of a resource type that holds policy documents.
type holder struct {
	property string // of the document; in a list of blocks, inlinePolicies[].policy
	kind     iam.Kind
	size     int    // that IAM takes, in characters without white space, of all documents of the property together; 0 is none
	holds    string // what has that size, as people say it
	// when reports whether the property holds a document that is about principals and tables; nil: always.
	when func(*resource.Resource, *resource.Log) bool
}

// holders are the types that hold policy documents.
//
// The sizes are those of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html. The limits of inline
// policies are for all of a principal's together, so what is over one by itself is over it. A resource policy of DynamoDB is
// measured as it stands, which reading it does.
var holders = map[string][]holder{
	TablePolicy:   {{property: "policy", kind: iam.Resource}},
	ManagedPolicy: {{property: "policy", kind: iam.Identity, size: 6144, holds: "a managed policy may have"}},
	RolePolicy:    {{property: "policy", kind: iam.Identity, size: 10240, holds: "the inline policies of a role may have"}},
	UserPolicy:    {{property: "policy", kind: iam.Identity, size: 2048, holds: "the inline policies of a user may have"}},
	GroupPolicy:   {{property: "policy", kind: iam.Identity, size: 5120, holds: "the inline policies of a group may have"}},
	Role: {
		{property: "inlinePolicies[].policy", kind: iam.Identity, size: 10240, holds: "the inline policies of a role may have"},
		{property: "assumeRolePolicy", kind: iam.Trust},
	},
	PermissionSet: {{property: "inlinePolicy", kind: iam.Identity, size: 32768, holds: "the inline policy of a permission set may have"}},

	NativeManagedPolicy: {{property: "policyDocument", kind: iam.Identity, size: 6144, holds: "a managed policy may have"}},
	NativeRolePolicy:    {{property: "policyDocument", kind: iam.Identity, size: 10240, holds: "the inline policies of a role may have"}},
	NativeUserPolicy:    {{property: "policyDocument", kind: iam.Identity, size: 2048, holds: "the inline policies of a user may have"}},
	NativeGroupPolicy:   {{property: "policyDocument", kind: iam.Identity, size: 5120, holds: "the inline policies of a group may have"}},
	NativeRole: {
		{property: "policies[].policyDocument", kind: iam.Identity, size: 10240, holds: "the inline policies of a role may have"},
		{property: "assumeRolePolicyDocument", kind: iam.Trust},
	},
	NativeUser: {
		{property: "policies[].policyDocument", kind: iam.Identity, size: 2048, holds: "the inline policies of a user may have"},
	},
	NativeGroup: {
		{property: "policies[].policyDocument", kind: iam.Identity, size: 5120, holds: "the inline policies of a group may have"},
	},
	NativePermissionSet: {
		{property: "inlinePolicy", kind: iam.Identity, size: 32768, holds: "the inline policy of a permission set may have"},
	},
	NativeTable: {
		{property: "resourcePolicy.policyDocument", kind: iam.Resource},
		{property: "streamSpecification.resourcePolicy.policyDocument", kind: iam.Resource},
	},
	NativeGlobal: {
		{property: "replicas[].resourcePolicy.policyDocument", kind: iam.Resource},
		{property: "replicas[].replicaStreamSpecification.resourcePolicy.policyDocument", kind: iam.Resource},
	},
}

// DocumentReads are the types that hold policy documents of one of the kinds, and the patterns of the documents' properties.
func DocumentReads(kinds ...iam.Kind) Reading {
	return func() map[string][]string { return documentReads(kinds) }
}

func documentReads(kinds []iam.Kind) map[string][]string {
	reads := map[string][]string{}
	for typ, list := range holders {
		for _, h := range list {
			if slices.Contains(kinds, h.kind) {
				reads[typ] = append(reads[typ], resource.Patterns(h.property)...)
			}
		}
	}
	return reads
}

// A Document is a policy document of a resource.
type Document struct {
	Path resource.Path
	// Secret: a message about the document may show its path and the rule, nothing of the document.
	Secret bool
	// Known and Mistyped: a document that is not known yet, or whose property is neither a string nor an object, has
	// nothing parsed. Part: of a known one some values are not, and what is parsed holds whatever they will be.
	Known    bool
	Part     bool
	Mistyped string
	*iam.Document

	holder *holder
}

// A Quota is what IAM takes of the documents of one property.
type Quota struct {
	Property string // policy, inlinePolicies
	Size     int    // in characters without white space
	Holds    string // what has it, as people say it: "a managed policy may have"
}

// Quota returns the quota that the document counts for, and whether there is one.
func (d *Document) Quota() (Quota, bool) {
	property, _, _ := strings.Cut(d.holder.property, "[]")
	return Quota{Property: property, Size: d.holder.size, Holds: d.holder.holds}, d.holder.size > 0
}

// documents returns the documents that a property of the resource holds.
func (h *holder) documents(r *resource.Resource, parse parseFunc) []*Document {
	var log resource.Log
	if h.when != nil && !h.when(r, &log) {
		return nil
	}
	root, member, listed := strings.Cut(h.property, "[].")
	if !listed {
		document := r.Property(root, &log)
		if len(log.Mistyped) > 0 {
			return []*Document{h.unreadable(document.Path, &log)}
		}
		return h.append(nil, document, parse)
	}
	list := r.Property(root, &log)
	elements, ok := list.Elements()
	if !ok {
		return []*Document{h.unreadable(list.Path, &log)}
	}
	var docs []*Document
	for _, e := range elements {
		var log resource.Log
		if document := e.In(&log).At(member); document.Known() || len(log.Unknown) > 0 {
			docs = h.append(docs, document, parse)
		} else {
			docs = append(docs, h.unreadable(e.Path, &log))
		}
	}
	return docs
}

// unreadable is the document at a path where there is none to read: what is there is not known, or of another type.
func (h *holder) unreadable(at resource.Path, log *resource.Log) *Document {
	return &Document{Path: at, Known: len(log.Mistyped) > 0, Mistyped: strings.Join(log.Mistyped, "; "), holder: h}
}

func (h *holder) append(docs []*Document, p resource.Property, parse parseFunc) []*Document {
	if p.Unset() {
		return docs
	}
	d := &Document{Path: p.Path, Secret: p.Value.HasSecret(), Known: p.Value.Kind() != resource.Unknown, holder: h}
	switch {
	case !d.Known:
	case p.Value.Kind() == resource.String:
		text, _ := p.Value.Text()
		d.Document = parse(p, text, h.kind)
	case p.Value.Kind() == resource.Object:
		// The classic provider always sends a string; a document given as an object is what others do.
		d.Document = parse(p, written(p.Value), h.kind)
		if d.Part = p.Value.HasUnknown(); d.Part {
			d.Known = d.Document != nil
		}
	default:
		d.Mistyped = string(p.Path) + " is " + p.Value.Kind().String() + ", not a policy document"
	}
	return append(docs, d)
}

// written is a document that is an object as text, what is not known of it as iam.Unknown.
func written(document resource.Value) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // it would be longer than it is
	if encoder.Encode(document.Filled(iam.Unknown)) != nil {
		return "" // a number that is none
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// A parseFunc parses the document that a property of one resource holds; it returns nil where too little of it is known.
type parseFunc func(p resource.Property, text string, kind iam.Kind) *iam.Document

// parse is the parseFunc that remembers nothing.
func parse(p resource.Property, text string, kind iam.Kind) *iam.Document {
	if p.Value.HasUnknown() {
		return iam.ParsePart(text, kind)
	}
	return iam.Parse(text, kind)
}

// A library keeps the parsed documents of a run, so that each is parsed once: by its inputs in Analyze, and by its outputs
// at the end of the stack only where these are another text. The zero value is empty and ready for use, also by several at a
// time.
type library struct {
	mu   sync.Mutex
	kept map[Place]kept
	size int // bytes of the texts that are kept
}

// kept is a document of a library.
type kept struct {
	*iam.Document
	secret bool // its text, or part of it, is not to be shown
}

// librarySize bounds the texts that are kept. What is beyond it is parsed again.
const librarySize = 8 << 20

func (l *library) parse(at Place, text string, kind iam.Kind, secret bool) *iam.Document {
	l.mu.Lock()
	before, ok := l.kept[at]
	l.mu.Unlock()
	if ok && before.Kind == kind && before.Text() == text && (before.secret || !secret) {
		return before.Document
	}
	document := iam.Parse(text, kind)
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, ok = l.kept[at]; ok {
		l.size -= len(before.Text())
		delete(l.kept, at)
	}
	if l.size+len(text) <= librarySize {
		if l.kept == nil {
			l.kept = map[Place]kept{}
		}
		// What was a secret as an input stays one, whatever the provider makes of it.
		l.kept[at] = kept{document, secret || before.secret}
		l.size += len(text)
	}
	return document
}

// statement returns the statement that a path of a resource leads into, as the document has it, and the path from there on,
// such as Action[1]; both are empty where the document is a secret, or is not among those that are kept.
func (l *library) statement(at Place) (text string, within resource.Path) {
	d, rest := l.document(at)
	if d == nil {
		return "", ""
	}
	return statement(d.Text(), rest)
}

// document returns the document that a path of a resource leads into, and the path from there on: Statement[0].Action[1]; nil where
// it is a secret, or is not among those that are kept.
func (l *library) document(at Place) (d *iam.Document, within resource.Path) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for end, c := range at.Path {
		if c != '.' {
			continue
		}
		if d, ok := l.kept[Place{at.URN, at.Path[:end]}]; ok && !d.secret {
			return d.Document, at.Path[end+1:]
		}
	}
	return nil, ""
}

// statement finds the statement of a document that a path of the document leads into: Statement[0].Action[1], or
// Statement.Action where the document has one that is not in a list.
func statement(document string, at resource.Path) (text string, within resource.Path) {
	first, rest, _ := strings.Cut(string(at), ".")
	s := jsonscan.Of([]byte(document))
	if resource.Path(first).Property() != "Statement" || s.Next() != '{' || !s.Find("Statement") {
		return "", ""
	}
	if s.Next() != '[' {
		return string(s.Value()), resource.Path(rest)
	}
	s.Elements(func(i int) {
		value := s.Value()
		if resource.Path("Statement").Index(i) == resource.Path(first) {
			text, within = string(value), resource.Path(rest)
		}
	})
	return text, within
}
