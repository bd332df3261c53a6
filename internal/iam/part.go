package iam

import (
	"slices"
	"strings"

	"dynamoguard/internal/glob"
)

// Unknown stands in the text of a document for a value that is not known yet, see ParsePart.
const Unknown = "(not known yet)"

// ParsePart reads a policy document of which some values are not known yet: Unknown stands in their place. It returns what holds
// whatever they will be, nil where that is nothing. An Allow is without the values of its Action, Resource and Principal that are not
// known; it is left out where its Action or its Principal has no other, and where anything else of it is not known. All the rest
// keeps its place. A Deny of which something is not known, and a statement that is not known, may close whatever the rest opens.
func ParsePart(text string, kind Kind) *Document {
	p := &parser{doc: &Document{Kind: kind, text: text}, part: true}
	p.parse()
	if p.closed || !slices.ContainsFunc(p.doc.Statements, func(st Statement) bool { return !st.empty() }) {
		return nil
	}
	return p.doc
}

// partial are the elements of a statement that may be known in part: each value of theirs opens something by itself.
const partial = elementAction | elementResource | elementPrincipal

// keep leaves of a statement what is certain while some of its elements are not known, and reports whether that is anything.
func (p *parser) keep(st *Statement, unknown elements) (kept bool) {
	switch unknown &^= elementSid; {
	case unknown == 0:
		return true
	case st.Effect == Deny || unknown.has(elementEffect):
		p.closed = true
		return true
	}
	known := func(text string) bool { return text != Unknown }
	st.Principal.List = slices.DeleteFunc(st.Principal.List, func(one Principal) bool { return one.ID == Unknown })
	st.part = true
	st.awaits = unknown.has(elementResource)
	switch {
	case unknown&^partial != 0, unknown.has(elementPrincipal) && len(st.Principal.List) == 0,
		unknown.has(elementAction) && !slices.ContainsFunc(st.Action.Texts, known):
		*st = Statement{Index: st.Index, bare: st.bare, part: true}
		return false
	}
	return true
}

// opensWhatever are the actions that a pattern of a statement opens of which some Resource is not known, whichever it is: those on a
// table, where all actions of the statement are of DynamoDB, and the pattern opens more than metadata on a table, on an index and on
// a stream; else those on a cluster, where all are of DAX.
func (s *Statement) opensWhatever(pattern string) ActionSet {
	of := func(service string) bool {
		return !slices.ContainsFunc(s.Action.Texts, func(text string) bool {
			prefix, _, _ := strings.Cut(text, ":")
			return !glob.EqualFold(prefix, service)
		})
	}
	opens := func(types ResourceTypes) ActionSet { return MatchActions(pattern).And(actionsOf(types)) }
	onAll := func(types ...ResourceTypes) bool {
		return !slices.ContainsFunc(types, func(t ResourceTypes) bool { return opens(t).WithoutMetadata().Empty() })
	}
	switch {
	case of("dynamodb") && onAll(Table, Index, Stream):
		return opens(Table)
	case of("dax") && onAll(Cluster):
		return opens(Cluster)
	}
	return ActionSet{}
}

// empty reports whether a statement holds nothing that is certain.
func (s *Statement) empty() bool { return s.part && len(s.Action.Texts) == 0 }
