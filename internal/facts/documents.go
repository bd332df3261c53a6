package facts

import (
	"encoding/json"
	"strings"

	"dynamoguard/internal/iam"
	"dynamoguard/internal/resource"
)

// A holder is a resource type that holds policy documents.
type holder struct {
	property string // of the document, within an element of list where there is one
	list     string
	kind     iam.Kind
}

var holders = map[string]holder{
	TablePolicy:   {property: "policy", kind: iam.Resource},
	ManagedPolicy: {property: "policy", kind: iam.Identity},
	RolePolicy:    {property: "policy", kind: iam.Identity},
	UserPolicy:    {property: "policy", kind: iam.Identity},
	GroupPolicy:   {property: "policy", kind: iam.Identity},
	Role:          {property: "policy", list: "inlinePolicies", kind: iam.Identity},
	PermissionSet: {property: "inlinePolicy", kind: iam.Identity},
}

// DocumentReads returns the types that hold policy documents, and the patterns of the documents' properties.
func DocumentReads() map[string][]string {
	reads := make(map[string][]string, len(holders))
	for typ, h := range holders {
		if h.list != "" {
			reads[typ] = []string{h.list, h.list + "[]." + h.property}
		} else {
			reads[typ] = []string{h.property}
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
	// nothing parsed.
	Known    bool
	Mistyped string
	*iam.Document
}

func documents(r *resource.Resource) []*Document {
	h, ok := holders[r.Type]
	if !ok {
		return nil
	}
	var log resource.Log
	if h.list == "" {
		return appendDocument(nil, r.Property(h.property, &log), h.kind)
	}
	list := r.Property(h.list, &log)
	elements, ok := list.Elements()
	if !ok {
		return []*Document{unreadable(list.Path, &log)}
	}
	var docs []*Document
	for _, e := range elements {
		var log resource.Log
		if document := e.In(&log).Get(h.property); document.Known() || len(log.Unknown) > 0 {
			docs = appendDocument(docs, document, h.kind)
		} else {
			docs = append(docs, unreadable(e.Path, &log))
		}
	}
	return docs
}

// unreadable is the document at a path where there is none to read: what is there is not known, or of another type.
func unreadable(at resource.Path, log *resource.Log) *Document {
	return &Document{Path: at, Known: len(log.Mistyped) > 0, Mistyped: strings.Join(log.Mistyped, "; ")}
}

func appendDocument(docs []*Document, p resource.Property, kind iam.Kind) []*Document {
	if p.Unset() {
		return docs
	}
	d := &Document{Path: p.Path, Secret: p.Value.HasSecret(), Known: !p.Value.HasUnknown()}
	switch {
	case !d.Known:
	case p.Value.Kind() == resource.String:
		text, _ := p.Value.Text()
		d.Document = iam.Parse(text, kind)
	case p.Value.Kind() == resource.Object:
		// The classic provider always sends a string; a document given as an object is what others do.
		text, _ := json.Marshal(p.Value.Plain())
		d.Document = iam.Parse(string(text), kind)
	default:
		d.Mistyped = string(p.Path) + " is " + p.Value.Kind().String() + ", not a policy document"
	}
	return append(docs, d)
}

// HoldsDocuments reports whether resources of a type hold policy documents.
func HoldsDocuments(typ string) bool { _, ok := holders[typ]; return ok }
