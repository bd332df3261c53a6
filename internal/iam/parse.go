package iam

import (
	"slices"
	"strings"
	"unicode/utf8"

	"dynamoguard/internal/glob"
	"dynamoguard/internal/partition"
)

// Parse reads a policy document. It never fails: what IAM would refuse is in the document's Errors, and the rest is read
// all the same, failing closed. An Allow is as wide and a Deny as narrow as the text can be understood:
//
//   - an Action or Resource of an Allow that is missing, not a string, or given in two contradicting ways counts as "*";
//   - a Condition of an Allow that has an error counts as none;
//   - a Deny with any error but one in its Sid denies nothing;
//   - an Effect that cannot be read is Deny only when it says so in another case, such as "deny"; then it denies nothing.
//
// Text that can be read, but that IAM refuses, such as the resource "dynamodb:*:*:table/*", counts as what it seems to
// mean: see MatchActions for actions; what is missing before a resource is anything.
//
// The time is linear in the text, and the depth of its nesting does not matter.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
func Parse(text string, kind Kind) *Document {
	p := &parser{doc: &Document{Kind: kind, text: text}}
	p.parse()
	return p.doc
}

// parse reads the document's text.
func (p *parser) parse() {
	text, kind := p.doc.text, p.doc.Kind
	p.jsonReader.text = text
	if !utf8.ValidString(text) {
		p.report(document, "", "holds bytes that are not UTF-8")
		p.jsonReader.text = strings.ToValidUTF8(text, "\uFFFD")
	}
	p.start()
	if kind == Resource && p.doc.RawSize() > maxResourcePolicy {
		p.report(document, "", "is longer than 20,480 bytes, white space counted, which the policy of a table or a stream may not be")
	}
	p.document()
	if p.failed != "" {
		p.report(document, "", "is not JSON: at "+p.position()+", "+p.failed)
	}
	if p.unlisted > 0 {
		p.doc.Errors = append(p.doc.Errors, more(p.unlisted))
	}
	p.doc.compile()
}

// maxResourcePolicy is the most bytes that the policy of a table or a stream may have, white space counted.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-considerations.html
const maxResourcePolicy = 20 * 1024

type parser struct {
	jsonReader
	doc      *Document
	unlisted int // errors beyond maxErrors
	sids     map[string]bool
	texts    []string // space for the list that is being read
	space    []string // for lists that were read

	part   bool // see ParsePart
	closed bool // a statement that is not known may deny anything
}

// start reports what stands before the first brace, and IAM refuses: a byte order mark, which JSON has no place for, and in
// what IAM itself keeps white space ("JSON strings must not have leading spaces").
//
// Source: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/verify/validate.go, ValidIAMPolicyJSON
func (p *parser) start() {
	const byteOrderMark = "\uFEFF"
	if strings.HasPrefix(p.jsonReader.text, byteOrderMark) {
		p.report(document, "", "starts with a byte order mark (U+FEFF); save the text as UTF-8 without one")
		p.pos = len(byteOrderMark)
	}
	if from := p.pos; p.doc.Kind != Resource && p.peek() == '{' && p.pos > from {
		p.report(document, "", "has white space before its first brace; begin the text with the brace")
	}
}

// document is the place of what is wrong with the document as a whole.
var document = place{statement: -1, index: -1}

func (p *parser) report(at place, value, reason string) {
	if p.part && value == Unknown {
		return
	}
	if len(p.doc.Errors) == maxErrors {
		p.unlisted++
		return
	}
	p.doc.Errors = append(p.doc.Errors, Error{at.String(), shorten(value), reason})
}

// reportFunc is report for a reason that takes time to find: it is found only if it will be listed, or a document that is
// wrong everywhere would be slow to read.
func (p *parser) reportFunc(at place, value string, reason func() string) {
	if len(p.doc.Errors) == maxErrors {
		p.unlisted++
		return
	}
	p.report(at, value, reason())
}

// errors is the number of errors so far.
func (p *parser) errors() int { return len(p.doc.Errors) + p.unlisted }

// document reads the whole text.
func (p *parser) document() {
	if p.end() {
		p.report(document, "", "is empty; a policy document is a JSON object")
		return
	}
	if v := p.next(); v != objectValue && v != noValue {
		p.skip()
		if p.failed == "" && !p.end() {
			p.fail("the text must end")
		}
		if p.failed == "" {
			p.report(document, "", "is "+v.String()+"; a policy document is a JSON object")
		}
		return
	}
	var seen elements
	p.object(func(name string) {
		at := place{statement: -1, element: name, index: -1}
		switch name {
		case "Version":
			p.once(&seen, at, elementVersion)
			version, ok := p.text(at, `"2012-10-17"`)
			p.closed = p.closed || p.part && version == Unknown // which decides what "${" means
			if ok && version != "2012-10-17" && version != "2008-10-17" {
				p.report(at, version, `is not a policy version; write "2012-10-17"`)
			}
			if p.doc.Version != "2012-10-17" {
				p.doc.Version = version
			}
			if !ok {
				p.doc.Version = "unknown"
			}
		case "Id":
			p.once(&seen, at, elementID)
			p.doc.ID, _ = p.text(at, "a string")
		case "Statement":
			p.once(&seen, at, elementStatement)
			p.statements(at)
		default:
			p.unknown(document, name, "a policy document", documentElements)
		}
	})
	if p.failed == "" && !p.end() {
		p.fail("the text must end")
	}
	if p.failed == "" && !seen.has(elementStatement) {
		p.report(document, "", "has no Statement")
	}
}

// elements is a set of the names of the grammar.
type elements uint16

const (
	elementVersion elements = 1 << iota
	elementID
	elementStatement
	elementSid
	elementEffect
	elementPrincipal
	elementNotPrincipal
	elementAction
	elementNotAction
	elementResource
	elementNotResource
	elementCondition
)

func (e elements) has(element elements) bool { return e&element != 0 }

var (
	documentElements  = []string{"Version", "Id", "Statement"}
	statementElements = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)

// once reports an element that its object has twice. IAM's answer to such a document is not documented, and parsers
// differ in which one they keep.
func (p *parser) once(seen *elements, at place, element elements) (again bool) {
	again = seen.has(element)
	if again {
		p.report(at, "", "appears twice; write it once")
	}
	*seen |= element
	return again
}

// unknown reports and skips a member that the grammar does not have.
func (p *parser) unknown(at place, name, of string, known []string) {
	p.reportFunc(at, name, func() string {
		for _, right := range known {
			if glob.EqualFold(right, name) {
				return "is not an element of " + of + ": write " + right + ", names are case-sensitive"
			}
		}
		if name == "" {
			return "has an element without a name"
		}
		return "is not an element of " + of + ", which are " + strings.Join(known, ", ")
	})
	p.skip()
}

// text reads a string that holds only the characters a policy may hold.
func (p *parser) text(at place, want string) (string, bool) {
	if v := p.next(); v != stringValue {
		p.mistyped(at, v, want)
		return "", false
	}
	text := p.str()
	if p.odd {
		p.characters(at, text)
	}
	return text, p.failed == ""
}

// mistyped reports and skips a value of the wrong shape.
func (p *parser) mistyped(at place, v shape, want string) {
	p.skip()
	if p.failed == "" {
		p.report(at, "", "is "+v.String()+"; write "+want)
	}
}

// characters reports a character that a policy may not hold: it holds TAB, LF, CR and U+0020 to U+00FF.
func (p *parser) characters(at place, text string) {
	for i := range len(text) {
		if c := text[i]; c >= ' ' && c < 0xC4 || c == '\t' || c == '\n' || c == '\r' { // U+0100 starts with the byte C4
			continue
		}
		reason := "holds a control character, which a policy may not"
		if text[i] >= ' ' {
			reason = "holds a character beyond U+00FF, which a policy may not"
		}
		p.report(at, text, reason)
		return
	}
}

func (p *parser) statements(at place) {
	index := len(p.doc.Statements)
	switch v := p.next(); v {
	case objectValue:
		p.statement(index, true)
	case arrayValue:
		// A statement is some 200 characters long. A text that is hostile counts for no more than any.
		const usual, most = 200, 64
		p.doc.Statements = slices.Grow(p.doc.Statements, min(len(p.jsonReader.text)/usual, most))
		count := 0
		p.array(func(i int) {
			count++
			if v := p.next(); v != objectValue && v != noValue {
				p.closed = true
				p.mistyped(place{statement: index + i, index: -1}, v, "an object")
				return
			}
			p.statement(index+i, false)
		})
		if count == 0 && p.failed == "" {
			p.report(at, "", "is an empty list; a policy needs a statement")
		}
	default:
		p.mistyped(at, v, "a list of statements")
	}
}

// statement reads one statement. One that the text breaks off is dropped.
func (p *parser) statement(index int, bare bool) {
	st := Statement{Index: index, bare: bare}
	whole := place{statement: index, bare: bare, index: -1}
	var (
		seen         elements
		before       = p.errors()
		effects      = make([]string, 0, 1)
		contradicted elements
		sid          string
		conditionBad bool
		listed       = len(p.doc.Errors)
		unlisted     = p.unlisted
		unknown      elements
	)
	p.object(func(name string) {
		at := whole
		at.element = name
		if p.part {
			earlier, from := seen, p.pos
			defer func() {
				if strings.Contains(p.jsonReader.text[from:p.pos], Unknown) {
					unknown |= seen &^ earlier
				}
			}()
		}
		switch name {
		case "Sid":
			p.once(&seen, at, elementSid)
			st.Sid, _ = p.text(at, "a string")
			sid = st.Sid
		case "Effect":
			p.once(&seen, at, elementEffect)
			effect, ok := p.text(at, `"Allow" or "Deny"`)
			if ok && effect != "Allow" && effect != "Deny" {
				p.report(at, effect, `is not "Allow" or "Deny"`)
			}
			effects = append(effects, effect)
		case "Principal":
			p.once(&seen, at, elementPrincipal)
			p.principals(at, &st.Principal)
		case "NotPrincipal":
			p.once(&seen, at, elementNotPrincipal)
			p.principals(at, &st.Principal)
			st.Principal.Not = true
		case "Action":
			p.once(&seen, at, elementAction)
			p.patterns(at, &st.Action, p.actionProblem)
		case "NotAction":
			if p.once(&seen, at, elementNotAction) {
				contradicted |= elementAction
			}
			p.patterns(at, &st.Action, p.actionProblem)
			st.Action.Not = true
		case "Resource":
			p.once(&seen, at, elementResource)
			p.patterns(at, &st.Resource, resourceProblem)
		case "NotResource":
			if p.once(&seen, at, elementNotResource) {
				contradicted |= elementResource
			}
			p.patterns(at, &st.Resource, resourceProblem)
			st.Resource.Not = true
		case "Condition":
			errors := p.errors()
			p.once(&seen, at, elementCondition)
			p.conditions(at, &st)
			conditionBad = conditionBad || p.errors() > errors
		default:
			p.unknown(whole, name, "a statement", statementElements)
		}
	})
	if p.failed != "" {
		return
	}
	p.complete(whole, seen)
	if conditionBad {
		st.Conditions = nil
	}
	unread := func() Patterns { return Patterns{Texts: []string{""}, absent: true} }
	if both := elementAction | elementNotAction; seen&both == both || seen&both == 0 || contradicted.has(elementAction) {
		st.Action = unread()
	}
	both := elementResource | elementNotResource
	missing := seen&both == 0 && (p.doc.Kind == Identity || p.doc.Kind == ResourceControl)
	if seen&both == both || missing || contradicted.has(elementResource) {
		st.Resource = unread()
	}
	st.Effect = readEffect(effects)
	switch {
	case p.doc.Kind == ResourceControl:
		p.resourceControl(whole, &st)
	case !seen.has(elementNotPrincipal) || seen.has(elementPrincipal) || p.doc.Kind == Identity:
	case p.doc.Kind == Trust:
		p.report(whole, "", "has NotPrincipal, which a trust policy may not; write Principal with a condition")
	case st.Effect == Allow:
		p.report(whole, "", "has NotPrincipal, which only a Deny may; write Principal")
	}
	if unknown != 0 && !p.keep(&st, unknown) {
		p.doc.Errors, p.unlisted = p.doc.Errors[:listed], unlisted
	}
	st.void = st.Effect == Deny && p.errors() > before
	if sid != "" {
		p.sid(whole, sid)
	}
	p.doc.Statements = append(p.doc.Statements, st)
}

// resourceControl reports what a resource control policy may not hold. An Allow is that of RCPFullAWSAccess.
//
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
func (p *parser) resourceControl(at place, st *Statement) {
	everyone := Principal{"*", "*"}
	if st.Principal.Not || slices.ContainsFunc(st.Principal.List, func(one Principal) bool { return one != everyone }) {
		p.report(at, "", `names principals, which a resource control policy may not; write Principal "*" with a condition`)
	}
	if st.Action.Not {
		p.report(at, "", "has NotAction, which a resource control policy may not; write Action")
	}
}

// readEffect fails closed: one Allow among several makes it Allow, and so does what cannot be read.
func readEffect(texts []string) Effect {
	for _, text := range texts {
		if !glob.EqualFold(strings.TrimSpace(text), "Deny") {
			return Allow
		}
	}
	if len(texts) == 0 {
		return Allow
	}
	return Deny
}

// pairs are the elements of which a statement has one or the other, and what each kind of document asks of them.
var pairs = [...]struct {
	name    string
	yes, no elements
	in      [Kinds]need // by Kind
	why     string      // it is forbidden
}{
	{"Principal", elementPrincipal, elementNotPrincipal, [...]need{Identity: forbidden, Resource: required, Trust: required, ResourceControl: required},
		"an identity policy may not; its principal is what it is attached to"},
	{"Action", elementAction, elementNotAction, [...]need{Identity: required, Resource: required, Trust: required, ResourceControl: required}, ""},
	{"Resource", elementResource, elementNotResource, [...]need{Identity: required, Resource: optional, Trust: forbidden, ResourceControl: required},
		"a trust policy may not; its resource is the role"},
}

type need uint8

const (
	optional need = iota
	required
	forbidden
)

// complete reports what a statement lacks, and what excludes each other.
func (p *parser) complete(at place, seen elements) {
	if !seen.has(elementEffect) {
		p.report(at, "", `has no Effect; write "Allow" or "Deny"`)
	}
	for _, e := range pairs {
		if seen.has(e.yes) && seen.has(e.no) {
			p.report(at, "", "has both "+e.name+" and Not"+e.name+"; write one of them")
		}
	}
	for _, e := range pairs {
		switch has := seen.has(e.yes | e.no); e.in[p.doc.Kind] {
		case required:
			if !has {
				p.report(at, "", "has neither "+e.name+" nor Not"+e.name)
			}
		case forbidden:
			if has {
				p.report(at, "", "has "+e.name+" or Not"+e.name+", which "+e.why)
			}
		}
	}
}

// sid reports a Sid that IAM refuses. An empty one is none: generators write it into every statement, and IAM takes it.
func (p *parser) sid(at place, sid string) {
	at.element = "Sid"
	if p.sids[sid] {
		p.report(at, sid, "is the Sid of an earlier statement; a Sid is unique in its policy")
	}
	if p.sids == nil {
		p.sids = make(map[string]bool, cap(p.doc.Statements))
	}
	p.sids[sid] = true
	if p.doc.Kind != Identity {
		return
	}
	for i := range len(sid) {
		if c := glob.Lower(sid[i]); (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			p.report(at, sid, "may hold only the characters A-Z, a-z and 0-9")
			return
		}
	}
}

// patterns reads the values of Action or Resource, added to those that are there.
func (p *parser) patterns(at place, into *Patterns, problem func(string) string) {
	texts := append(p.texts[:0], into.Texts...)
	one := func(at place, want string) {
		text, ok := p.text(at, want)
		if ok {
			if reason := problem(text); reason != "" {
				p.report(at, text, reason)
			}
		}
		texts = append(texts, text)
	}
	if into.bare = p.next() != arrayValue; into.bare {
		one(at, "a string or a list of strings")
	} else {
		p.array(func(i int) {
			at.index = i
			one(at, "a string")
		})
		if len(texts) == len(into.Texts) && p.failed == "" {
			p.report(at, "", "is an empty list")
			texts, into.bare = append(texts, ""), true
		}
	}
	p.texts, into.Texts = texts, p.keepTexts(texts)
}

// keepTexts is a copy of a list. Short lists share memory, since a document has many.
func (p *parser) keepTexts(texts []string) []string {
	const some = 16
	if len(texts) > some {
		return slices.Clone(texts)
	}
	if len(p.space)+len(texts) > cap(p.space) {
		p.space = make([]string, 0, some)
	}
	from := len(p.space)
	p.space = append(p.space, texts...)
	return p.space[from:len(p.space):len(p.space)]
}

// actionProblem says why IAM refuses an action, "" if it does not. Trailing blanks and unknown names are no error: they
// match nothing.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func actionProblem(action string) string {
	if actionsByName()[action] != nil {
		return ""
	}
	service, name, ok := cutColon(action)
	switch {
	case action == "*":
		return ""
	case action == "":
		return `is empty; write "*" or service:name, such as dynamodb:GetItem`
	case !ok:
		return `names no service; write "*" or service:name, such as dynamodb:GetItem`
	case strings.Contains(name, ":"):
		return "has more than one colon; write service:name, such as dynamodb:GetItem"
	case name == "":
		return "names no action; write service:name, such as dynamodb:GetItem"
	case service == "*":
		return ""
	case glob.HasWildcard(service):
		return `has a wildcard in its service; write the service, or "*" for every service`
	case service == "" || strings.ContainsFunc(service, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.' || r == '_')
	}):
		return "has no service before the colon, written in letters, digits and hyphens; write service:name, such as dynamodb:GetItem"
	}
	return ""
}

// actionProblem is that of any document; a trust policy holds actions of STS only: "AssumeRole policy may only specify STS
// AssumeRole actions".
func (p *parser) actionProblem(action string) string {
	problem := actionProblem(action)
	if problem != "" || p.doc.Kind != Trust {
		return problem
	}
	if service, _, _ := cutColon(action); service != "*" && !glob.EqualFold(service, "sts") {
		return "is not an action of STS, and a trust policy may hold no other; write sts:AssumeRole or what the principal calls"
	}
	return ""
}

// resourceProblem says why IAM refuses a resource, "" if it does not. An ARN with fields missing is no error: IAM
// completes it.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func resourceProblem(resource string) string {
	switch {
	case resource == "*":
		return ""
	case resource == "":
		return `is empty; write "*" or an ARN`
	case !strings.HasPrefix(resource, "arn:"):
		return `is not "*" or an ARN, which starts with arn:`
	}
	fields, n := arnFields(resource)
	if problem := partitionProblem(fields[1]); problem != "" {
		return problem
	}
	if n > 2 && fields[2] == "" {
		return "names no service; write it after the partition, as in arn:aws:dynamodb:"
	}
	return ""
}

// arnFields are the fields of an ARN, and how many it has; a colon within a variable separates none.
func arnFields(arn string) (fields [6]string, n int) { return splitFields(codeVariables(arn)) }

// splitFields splits a text at its colons, as strings.SplitN does, but without a slice.
func splitFields(text string) (fields [6]string, n int) {
	rest, more := text, true
	for more && n < len(fields)-1 {
		fields[n], rest, more = cutColon(rest)
		n++
	}
	if more {
		fields[n] = rest
		n++
	}
	return fields, n
}

// partitionProblem says why IAM refuses the partition of an ARN wherever that is written, "" if it does not. Variables in its name are
// coded.
func partitionProblem(name string) string {
	switch {
	case name == "*" || strings.IndexByte(name, codeVariable) >= 0:
		return ""
	case glob.HasWildcard(name):
		return "has a wildcard in its partition; write the partition, such as aws, or \"*\""
	case name == "":
		return "names no partition; write it after arn:, as in arn:aws:"
	case !partition.Is(name):
		return "names a partition that there is none of; the partitions are " + strings.Join(partition.Names(), ", ")
	}
	return ""
}

// namesRegion reports whether a text has the form of the name of a region: us-gov-west-1.
func namesRegion(text string) bool {
	last := strings.LastIndexByte(text, '-')
	if number := text[last+1:]; last < 0 || number == "" || strings.Trim(number, "0123456789") != "" {
		return false
	}
	words := 0
	for word := range strings.SplitSeq(text[:last], "-") {
		if words++; word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" {
			return false
		}
	}
	return words >= 2
}

// principalTypes are the members of a Principal object.
var principalTypes = []string{"AWS", "Service", "Federated", "CanonicalUser"}

func (p *parser) principals(at place, into *Principals) {
	switch v := p.next(); v {
	case stringValue:
		id, ok := p.text(at, "")
		if ok && id != "*" {
			p.report(at, id, `is not "*" or an object such as {"AWS": "arn:aws:iam::ACCOUNT:role/NAME"}`)
		}
		into.List = append(into.List, Principal{"*", id})
	case objectValue:
		var seen elements
		p.object(func(name string) {
			for i, known := range principalTypes {
				if name == known {
					at := at
					at.element += "." + name
					p.once(&seen, at, 1<<i)
					p.ids(at, name, into)
					return
				}
			}
			p.unknown(at, name, "a principal", principalTypes)
			seen = 1 << 15
		})
		if seen == 0 && p.failed == "" {
			p.report(at, "", "is an empty object")
		}
	default:
		p.mistyped(at, v, `"*" or an object`)
	}
}

func (p *parser) ids(at place, kind string, into *Principals) {
	one := func(at place, want string) {
		id, ok := p.text(at, want)
		if problem := principalProblem(kind, id); ok && problem != "" {
			p.report(at, id, problem)
		}
		into.List = append(into.List, Principal{kind, id})
	}
	if p.next() != arrayValue {
		one(at, "a string or a list of strings")
		return
	}
	empty := true
	p.array(func(i int) {
		empty = false
		at.index = i
		one(at, "a string")
	})
	if empty && p.failed == "" {
		p.report(at, "", "is an empty list")
	}
}

// principalProblem says why AWS refuses a principal, "" if it does not.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func principalProblem(kind, id string) string {
	switch {
	case id == "":
		return "is empty"
	case id == "*" && (kind == "AWS" || kind == "Federated"):
		return ""
	case glob.HasWildcard(id):
		if kind == "AWS" {
			return `has a wildcard in part of it, which a principal may not; write it whole, or "*" with a condition on aws:PrincipalArn`
		}
		return "has a wildcard, which a principal of this type may not; write it whole"
	case kind == "Service" && !strings.Contains(id, "."):
		return "is not the name of a service, such as lambda.amazonaws.com"
	case kind != "AWS" || !strings.HasPrefix(id, "arn:"):
		return ""
	}
	fields, n := arnFields(id)
	if problem := partitionProblem(fields[1]); problem != "" {
		return problem
	}
	if n == 6 && fields[2] == "iam" && strings.HasPrefix(fields[5], "group/") {
		return "is a group, which cannot be a principal; write the roles or users"
	}
	return ""
}

// conditions reads {operator: {key: values}}. An empty object at either level is valid, and asks for nothing.
func (p *parser) conditions(at place, st *Statement) {
	if v := p.next(); v != objectValue {
		p.mistyped(at, v, "an object of operators")
		return
	}
	var seen map[string]bool
	p.object(func(name string) {
		if seen[name] {
			p.report(at, name, "appears twice; write it once")
		}
		if seen == nil {
			seen = map[string]bool{}
		}
		seen[name] = true
		operator, ok := parseOperator(name)
		if !ok {
			p.reportFunc(at, name, func() string { return operatorProblem(name) })
			p.skip()
			return
		}
		p.keys(at, operator, st)
	})
}

func (p *parser) keys(at place, operator Operator, st *Statement) {
	at.element += "." + operator.String()
	if v := p.next(); v != objectValue {
		p.mistyped(at, v, "an object of condition keys")
		return
	}
	var seen map[string]string // lower case to as written
	p.object(func(key string) {
		lower := foldASCII(key)
		switch earlier, again := seen[lower]; {
		case again && earlier == key:
			p.report(at, key, "appears twice; write it once")
		case again:
			p.report(at, key, "differs from an earlier key only in case; keys are the same in any case")
		case !strings.Contains(key, ":"):
			p.report(at, key, "is not a condition key, which is written service:name, such as aws:PrincipalArn")
		}
		if seen == nil {
			seen = map[string]string{}
		}
		seen[lower] = key
		p.characters(at, key)
		c := Condition{Operator: operator, Key: key}
		value := func(text string) {
			p.characters(at, text)
			if strings.HasPrefix(operator.Base, "Date") {
				if _, ok := parseDate(text); !ok {
					p.report(at, text, "is not a date; write one such as 2026-01-31T00:00:00Z, or seconds since 1970")
				}
			}
			c.Values = append(c.Values, text)
		}
		one := func() {
			switch v := p.next(); v {
			case stringValue:
				value(p.str())
			case boolValue, numberValue:
				value(p.scalar())
			default:
				p.skip()
				if p.failed == "" {
					p.report(at, key, "has a value that is "+v.String()+"; write a string or a list of strings")
				}
			}
		}
		if p.next() != arrayValue {
			one()
		} else {
			empty := true
			p.array(func(int) {
				empty = false
				one()
			})
			if empty && p.failed == "" {
				p.report(at, key, "has an empty list of values")
			}
		}
		st.Conditions = append(st.Conditions, c)
	})
}

// foldASCII is the text in lower case, as IAM compares condition keys.
func foldASCII(text string) string {
	for i := range len(text) {
		if text[i] != glob.Lower(text[i]) {
			folded := []byte(text)
			for j := i; j < len(folded); j++ {
				folded[j] = glob.Lower(folded[j])
			}
			return string(folded)
		}
	}
	return text
}
