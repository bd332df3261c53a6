package iam

import (
	"slices"
	"strings"

	"dynamoguard/internal/glob"
)

// resource is an element of Resource or NotResource, taken apart so that it can be compared with other resources, not
// only with one ARN.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
type resource struct {
	text     string // as written, policy variables coded
	every    bool   // only stars: the one resource that the actions without a resource accept
	variable bool   // holds a policy variable
	plain    plain  // what it is, where one comparison of texts tells what it matches
	readings []arn  // what it can mean: none if no resource has such an ARN, several if fields are missing
}

// plain is an ARN written out, perhaps but for a star at its end: nearly all that documents hold.
type plain struct {
	begin string // "" of another pattern
	open  bool   // a star follows
}

func (p plain) matches(text string) bool {
	if p.open {
		return strings.HasPrefix(text, p.begin)
	}
	return text == p.begin
}

// arn is a pattern for the five fields of an ARN after "arn:". A star does not cross from one field to the next.
type arn struct {
	partition, service, region, account, resource string

	head  int           // literalPrefix of resource
	types ResourceTypes // of which it matches at least one possible resource
	every ResourceTypes // of which it matches all resources, whatever their names, in the region and account it matches
}

// anything matches all resources.
var anything = newARN([5]string{"*", "*", "*", "*", "*"})

func newARN(fields [5]string) arn {
	a := arn{partition: fields[0], service: fields[1], region: fields[2], account: fields[3], resource: fields[4]}
	a.head = literalPrefix(a.resource)
	a.types = a.matches()
	if a.head == len(a.resource) {
		return a
	}
	a.types.each(func(t ResourceTypes) {
		if a.coversEvery(t) {
			a.every |= t
		}
	})
	return a
}

// Patterns hold "*" and "?" as written, and these bytes, which no UTF-8 text holds.
const (
	codeVariable = 0xF8 + iota // a policy variable such as ${aws:username}: some text
	codeStar                   // ${*}: a literal star
	codeMark                   // ${?}: a literal question mark
)

// What a pattern is compared with is a text with these bytes, each of which stands for every text of its kind.
const (
	anyText  = 0xFB + iota // any text
	anyChar                // any one character
	anyName                // the name of a table, an index or a global table: 3 to 255 of A-Z a-z 0-9 _ . -
	nameRest               // a name but for its first character
	anyLabel               // the name of anything else: one character or more of those, or a colon
)

// Every resource of each type, as the text after the account; in the order of the bits of ResourceTypes.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
var everyResource = [...]string{
	"table/\xfd", "table/\xfd/index/\xfd", "table/\xfd/stream/\xff", "table/\xfd/backup/\xff", "table/\xfd/export/\xff",
	"table/\xfd/import/\xff", "global-table/\xfd", "cache/\xff",
}

// below is the part of an ARN that leads from a table to what belongs to it, in the order of the bits of ResourceTypes.
var below = [...]string{"", "/index/", "/stream/", "/backup/", "/export/", "/import/", "", ""}

func (r ResourceTypes) bit() int {
	i := 0
	for r >>= 1; r != 0; r >>= 1 {
		i++
	}
	return i
}

// service is the service that the resources of one type belong to.
func (r ResourceTypes) service() string {
	if r == Cluster {
		return "dax"
	}
	return "dynamodb"
}

// parseResource takes an element apart. variables says whether "${" starts a policy variable; complete whether fields
// missing at the end are any: IAM completes the ARNs of identity policies.
//
// A text that is no ARN is read as the end of one. The readings are appended to space.
func parseResource(text string, variables, complete bool, space []arn) resource {
	text = trimBlanks(text)
	r := resource{text: text, readings: space}
	if variables && strings.Contains(text, "${") {
		r.text = codeVariables(text)
		r.variable = strings.IndexByte(r.text, codeVariable) >= 0
	}
	if r.text == "" || onlyStars(r.text) {
		r.every = true
		r.readings = append(r.readings, anything)
		return r
	}
	if whole := r.readText(r.text, complete); whole && len(r.readings) == 1 {
		switch head := literalPrefix(r.text); r.text[head:] {
		case "":
			r.plain = plain{begin: r.text}
		case "*":
			r.plain = plain{begin: r.text[:head], open: true}
		}
	}
	if r.variable {
		// Whoever lacks the key of a variable is given its default: table/${aws:PrincipalTag/team, ''}* is every table then.
		if defaults := codeDefaults(text); defaults != r.text {
			r.readText(defaults, complete)
		}
	}
	return r
}

// readText adds what a text can mean, its variables coded; whole is whether it has all the fields of an ARN.
func (r *resource) readText(text string, complete bool) (whole bool) {
	if five, ok := splitARN(text); ok {
		r.read(five)
		return true
	}
	rest, ok := strings.CutPrefix(text, "arn:")
	if !ok {
		fields := strings.SplitN(text, ":", 6)
		if len(fields) == 6 {
			fields = fields[1:]
		}
		r.read(shift(fields, 0))
		return false
	}
	var five [5]string
	fields := five[:0]
	for len(fields) < 4 {
		field, after, found := strings.Cut(rest, ":")
		if !found {
			break
		}
		fields, rest = append(fields, field), after
	}
	fields = append(fields, rest)
	last := len(fields)
	if complete || strings.HasSuffix(rest, "*") {
		at := last
		if strings.HasPrefix(rest, "*") && (last == 3 && !regional(rest) || last == 4 && strings.Trim(rest, "*?0123456789") != "") {
			at-- // no region or account is called so: a star that runs on, up to the name of a table
		}
		r.read(shift(fields, at))
	}
	// A star at the end of a field runs on, over the colons that are missing.
	for i := range last - 1 {
		if strings.HasSuffix(fields[i], "*") {
			r.read(shift(fields, i+1))
		}
	}
	return false
}

// regions are the words of which the names of regions are made.
//
// Source: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
const regions = "us eu ap sa ca me af il mx cn eusc de gov iso isob isoe isof northeast northwest southeast southwest central local"

// regional reports whether a region can match a pattern, as far as its words of three letters or more tell.
func regional(pattern string) bool {
	for word := range strings.FieldsFuncSeq(pattern, func(c rune) bool { return c < 'a' || c > 'z' }) {
		if len(word) >= 3 && !strings.Contains(regions, word) {
			return false
		}
	}
	return true
}

// shift puts as many stars before the field at i as are missing to five.
func shift(fields []string, at int) (five [5]string) {
	missing := 5 - len(fields)
	for i := range five {
		switch {
		case i < at:
			five[i] = fields[i]
		case i < at+missing:
			five[i] = "*"
		default:
			five[i] = fields[i-missing]
		}
	}
	return five
}

// The most characters that a pattern for a field of an ARN can ask for and still match one: a name has at most 255, and a
// table and an index have one each. The names of partitions, services and regions are much shorter.
//
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
const (
	maxResourceField = 600
	maxField         = 64
)

// asks is the number of characters that a text must have at least to match the pattern.
func asks(pattern string) int {
	return len(pattern) - strings.Count(pattern, "*") - strings.Count(pattern, "\xf8")
}

// read adds a reading, unless it is one that no ARN of DynamoDB or DAX can match. A policy variable is not supported
// before the last field; there it may be anything.
func (r *resource) read(fields [5]string) {
	for i, field := range fields {
		last, most := i == 4, maxField
		if last {
			most = maxResourceField
		}
		if len(field) > most && asks(field) > most || !last && strings.IndexByte(field, '/') >= 0 {
			return
		}
		if literalPrefix(field) == len(field) {
			continue
		}
		fields[i] = starsLast(field)
		if !last && strings.IndexByte(field, codeVariable) >= 0 {
			fields[i] = "*"
		}
	}
	dynamodbOrDAX := glob.Match(fields[1], "dynamodb") || glob.Match(fields[1], "dax")
	if account := fields[3]; account == "" || !dynamodbOrDAX {
		return
	}
	for _, other := range r.readings {
		if fields == [5]string{other.partition, other.service, other.region, other.account, other.resource} {
			return
		}
	}
	r.readings = append(r.readings, newARN(fields))
}

// codeVariables replaces policy variables by codes: ${*}, ${?} and ${$} are the literal characters. What is not closed is
// literal text.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func codeVariables(text string) string {
	if !strings.Contains(text, "${") {
		return text
	}
	return replaceVariables(text, func(string) string { return "\xf8" })
}

// codeDefaults is codeVariables with the default in place of each variable that has one.
func codeDefaults(text string) string {
	return replaceVariables(text, func(name string) string {
		if _, fallback, ok := cutDefault(name); ok {
			return literals.Replace(fallback)
		}
		return "\xf8"
	})
}

// cutDefault takes what stands in the braces of a variable apart: ok is false where it has no default.
func cutDefault(name string) (key, fallback string, ok bool) {
	key, fallback, ok = strings.Cut(name, ",")
	fallback = strings.TrimSpace(fallback)
	if ok = ok && len(fallback) >= 2 && fallback[0] == '\'' && fallback[len(fallback)-1] == '\''; ok {
		fallback = fallback[1 : len(fallback)-1]
	}
	return strings.TrimSpace(key), fallback, ok
}

func replaceVariables(text string, value func(name string) string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		name, rest, closed := strings.Cut(after, "}")
		if !found || !closed {
			out.WriteString(text)
			return out.String()
		}
		out.WriteString(before)
		switch name {
		case "*":
			out.WriteByte(codeStar)
		case "?":
			out.WriteByte(codeMark)
		case "$":
			out.WriteByte('$')
		default:
			if key, _, _ := strings.Cut(name, ","); strings.Contains(key, "::") {
				out.WriteString("${" + name + "}") // CloudFormation's ${AWS::Region}: no variable of a policy
			} else {
				out.WriteString(value(name))
			}
		}
		text = rest
	}
}

// matches are the resource types of which the pattern matches at least one possible resource.
func (a *arn) matches() (types ResourceTypes) {
	if glob.Match(a.service, "dynamodb") {
		if a.region != "" {
			types |= tableTypes
		}
		if glob.Match(a.region, "") {
			types |= GlobalTable
		}
	}
	if a.region != "" && glob.Match(a.service, "dax") {
		types |= Cluster
	}
	return types & resourceTypes().match(a.resource)
}

// literalPrefix is the length of what a pattern begins with before its first wildcard or code.
func literalPrefix(pattern string) int {
	n := 0
	for n < len(pattern) && pattern[n] != '*' && pattern[n] != '?' && pattern[n] < codeVariable {
		n++
	}
	return n
}

// wild reports whether a pattern can match anything but itself.
func wild(pattern string) bool {
	return glob.HasWildcard(pattern) || strings.IndexByte(pattern, codeVariable) >= 0
}

// coversEvery reports whether the pattern matches all resources of one of its types, whatever their names, in the region and
// account that it matches, lengths aside. For what belongs to a table it is enough that all tables are matched: table/*/index/by-date
// is taken for every table.
func (a *arn) coversEvery(t ResourceTypes) bool {
	every := everyResource[t.bit()]
	pattern := withoutLength(a.resource)
	if includes(pattern, every, nil) {
		return true
	}
	part := below[t.bit()]
	if part == "" {
		return false
	}
	table, _, found := strings.Cut(pattern, part)
	return found && includes(table, everyResource[0], nil)
}

// withoutLength takes off a pattern what asks a name for its length alone: table/????* leaves out no table but those of three
// characters, and so names none.
func withoutLength(pattern string) string {
	kind, name, found := strings.Cut(pattern, "/")
	if !found {
		return pattern
	}
	rest := strings.TrimLeft(name, "?")
	if !strings.HasPrefix(rest, "*") {
		return pattern
	}
	return kind + "/" + rest
}

// target is a set of resources of one type: those that a pattern matches.
type target struct {
	types ResourceTypes // one type
	arn   arn           // texts, not patterns
}

// target is what of the type the pattern matches. partition is the one that the document is about, if that is known: an
// account is in one partition, so that a Deny on arn:aws: leaves nothing of an Allow on "*".
func (a *arn) target(t ResourceTypes, partition string) target {
	if t == NoResource {
		return target{types: t}
	}
	to := target{t, arn{
		partition: asText(a.partition), service: t.service(), region: asText(a.region), account: asText(a.account),
		resource: everyResource[t.bit()],
	}}
	if a.partition == "*" && partition != "" {
		to.arn.partition = partition
	}
	if t == GlobalTable {
		to.arn.region = ""
	}
	part := below[t.bit()]
	switch {
	case includes(a.resource, to.arn.resource, nil):
	case endsIn(a.resource):
		to.arn.resource += a.resource[1:] // *orders reaches a table only as table/...orders
	case part != "" && strings.HasSuffix(a.resource, "*") && !strings.Contains(a.resource, part):
		// table/orders* reaches an index only as table/orders.../index/...
		to.arn.resource = asText(a.resource) + to.arn.resource[strings.Index(to.arn.resource, part):]
	default:
		to.arn.resource = asText(a.resource)
	}
	return to
}

// endsIn reports whether a pattern asks for an end alone, one without a slash.
func endsIn(pattern string) bool {
	end, ok := strings.CutPrefix(pattern, "*")
	return ok && end != "" && !strings.ContainsAny(end, "*?/")
}

// every is all resources of the type in the region and account of the target.
func (t target) every() target {
	t.arn.resource = everyResource[t.types.bit()]
	return t
}

// asText makes the text of all that a pattern matches.
func asText(pattern string) string {
	switch {
	case pattern == "*":
		return "\xfb"
	case !wild(pattern):
		return pattern
	}
	text := []byte(pattern)
	for i, c := range text {
		switch c {
		case '*', codeVariable:
			text[i] = anyText
		case '?':
			text[i] = anyChar
		}
	}
	return string(text)
}

// covers reports whether the element matches all of the target, read as narrow as possible.
func (r *resource) covers(t *target, left *work) bool {
	if r.every {
		return true
	}
	if r.variable || t.types == NoResource {
		return false
	}
	for i := range r.readings {
		a := &r.readings[i]
		if !strings.HasPrefix(t.arn.resource, a.resource[:a.head]) {
			continue // most end here
		}
		if includes(a.resource[a.head:], t.arn.resource[a.head:], left) && includes(a.service, t.arn.service, left) && includes(a.partition, t.arn.partition, left) &&
			includes(a.region, t.arn.region, left) && includes(a.account, t.arn.account, left) {
			return true
		}
	}
	return false
}

// touches reports whether the element matches part of the target, read as wide as possible.
func (r *resource) touches(t target, left *work) bool {
	return r.every || slices.ContainsFunc(r.readings, func(a arn) bool { return a.touches(t, left) })
}

// touches reports whether the pattern matches part of the target.
func (a *arn) touches(t target, left *work) bool {
	return a.types&t.types != 0 &&
		meets(a.service, t.arn.service, left) && meets(a.partition, t.arn.partition, left) && meets(a.region, t.arn.region, left) &&
		meets(a.account, t.arn.account, left) && meets(a.resource, t.arn.resource, left)
}
