package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"dynamoguard/internal/iam"
)

// The places of a document.
type place int

const (
	identityPolicy place = iota
	tablePolicy
	boundary
	controlPolicy
)

func (g *generator) document(at place) *Document {
	d := &Document{Version: "2012-10-17"}
	switch {
	case g.chance(8):
		d.Version = "2008-10-17"
	case g.chance(5):
		d.Version = ""
	}
	if (at == boundary || at == controlPolicy) && g.chance(55) {
		d.Statement = append(d.Statement, &Statement{Effect: "Allow", Action: bare("*"), Resource: bare("*")})
	}
	for i := range 1 + g.weighted(55, 30, 15) {
		d.Statement = append(d.Statement, g.statement(at, i))
	}
	return d
}

func bare(value string) *List { return &List{Values: []string{value}, Bare: true} }

func (g *generator) statement(at place, i int) *Statement {
	s := &Statement{Effect: "Allow"}
	if g.chance(22) {
		s.Effect = "Deny"
	}
	if g.chance(15) {
		s.Sid = "S" + strconv.Itoa(i)
	}
	// A Deny that always hits would leave nothing to see of the rest.
	hit := 80
	if s.Effect == "Deny" {
		hit = 55
	}
	s.Action = g.list(hit, g.hitAction, g.missAction)
	if g.chance(12) {
		s.Action, s.NotAction = nil, g.list(100-hit, g.hitAction, g.missAction)
	}
	s.Resource = g.list(hit, func() string { return g.hitResource(at) }, g.missResource)
	if g.chance(12) {
		s.Resource, s.NotResource = nil, g.list(100-hit, func() string { return g.hitResource(at) }, g.missResource)
	}
	if at == tablePolicy {
		if g.chance(8) {
			s.Resource, s.NotResource = nil, nil // the table itself
		}
		s.Principal = g.principals(hit)
		if s.Principal.everybody() && g.chance(25) {
			g.condition(s, key{name: "aws:PrincipalArn", family: "ARN", values: []string{g.value("aws:PrincipalArn")[0], g.principal}})
		}
		// AWS does not say whether a boundary makes NotPrincipal deny the session of a federated user, as it does users.
		if s.Effect == "Deny" && g.chance(18) && !strings.Contains(g.principal, ":federated-user/") {
			s.Principal, s.NotPrincipal = nil, g.principals(50)
		}
	}
	for range g.weighted(60, 28, 12) {
		g.condition(s, g.drawKey())
	}
	return s
}

// list draws one to three values of which, with this chance, one is a hit.
func (g *generator) list(percent int, hit, miss func() string) *List {
	l := &List{Values: []string{miss()}}
	if g.chance(percent) {
		l.Values[0] = hit()
	}
	for range g.weighted(60, 25, 15) {
		l.Values = append(l.Values, miss())
	}
	g.Shuffle(len(l.Values), func(i, j int) { l.Values[i], l.Values[j] = l.Values[j], l.Values[i] })
	l.Bare = len(l.Values) == 1 && g.chance(60)
	return l
}

func (g *generator) hitAction() string {
	n := g.name
	cut := 1 + g.IntN(len(n)-1)
	switch g.weighted(90, 24, 30, 30, 30, 24, 24, 18, 12, 2, 2) {
	case 0:
		return g.service + ":" + n
	case 1:
		return g.mangle(g.service + ":" + n)
	case 2:
		return "*"
	case 3:
		return g.service + ":*"
	case 4:
		return g.service + ":" + n[:cut] + "*"
	case 5:
		return g.service + ":*" + n[cut:]
	case 6:
		return g.service + ":" + n[:cut] + "?" + n[cut+1:]
	case 7:
		return g.service + ":" + n[:cut] + "*" + n[cut:] + "**"
	case 8:
		return g.mangle(g.service+":"+n[:cut]) + "?*"
	case 9:
		return "*:*"
	default:
		return "*:" + n[:cut] + "*"
	}
}

func (g *generator) missAction() string {
	n := g.name
	cut := 1 + g.IntN(len(n)-1)
	other := map[string]string{"dynamodb": "dax", "dax": "dynamodb"}[g.service]
	switch g.weighted(30, 10, 6, 6, 6, 6, 6, 6, 5) {
	case 0:
		actions := iam.Actions()
		return actions[g.IntN(len(actions))].String()
	case 1:
		return other + ":" + n
	case 2:
		return g.service + ":" + n[:cut] // the beginning of a name is not the name
	case 3:
		return g.service + ":" + n + "?"
	case 4:
		return g.service + ":?" + n
	case 5:
		return pick(g, "s3:*", "dynamodbstreams:*", "s3:GetObject", "iam:Get*", "dynamo:*")
	case 6:
		return "dynamodb:" + pick(g, "ExecuteStatement", "TransactGetItems", "TransactWriteItems", "BatchExecuteStatement")
	case 7:
		return other + ":*"
	default:
		return g.service + ":" + n + " "
	}
}

// fields are the six fields of the request's resource.
func (g *generator) fields() []string { return strings.SplitN(g.resource, ":", 6) }

func arn(fields ...string) string { return strings.Join(fields, ":") }

func (g *generator) hitResource(at place) string {
	if g.resource == "*" || g.chance(15) {
		return "*"
	}
	f := g.fields()
	rest := f[5]
	slash := strings.IndexByte(rest, '/') + 1
	kind, name := rest[:slash], rest[slash:]
	cut := g.IntN(len(name))
	switch g.weighted(25, 10, 8, 8, 6, 5, 5, 5, 4, 4, 4, 4, 8, 2, 2, 1) {
	case 0:
		return g.resource
	case 1:
		f[5] = kind + name[:cut] + "*"
	case 2:
		f[5] = kind + "*" + name[cut:]
	case 3:
		f[3], f[4] = "*", "*"
	case 4:
		f[3], f[4], f[5] = "*", "*", kind+"*"
	case 5:
		f[3], f[5] = pick(g, "*", f[3]), kind+name[:cut]+"?"+name[cut+1:]
	case 6:
		f[5] = pick(g, "*", kind+"**", kind+"???*", kind+"*"+name[cut:]+"*")
	case 7:
		f[4] = pick(g, "*", f[4][:6]+"*", "????????????")
		if f[3] != "" {
			f[3] = pick(g, "*", f[3][:2]+"*", f[3])
		}
	case 8: // fields left out after a wildcard
		return pick(g, arn(f[:4]...)+"*", arn(f[0], f[1], f[2], "*"), arn(f[0], f[1], f[2])+":*", arn(f[:5]...)+":*")
	case 9: // fields left out, which AWS describes for identity policies only
		if at == tablePolicy || at == controlPolicy {
			return g.resource
		}
		return pick(g, arn(f[:3]...), arn(f[:4]...), arn(f[:5]...))
	case 10: // a wildcard that ends a field and runs on over the next
		return pick(g, arn(f[0], f[1], f[2], "*", rest), arn(f[0], f[1], "*", rest), arn(f[0], "*", rest), arn(f[0], f[1], f[2], "*", kind+name[:cut]+"*"))
	case 11:
		f[1], f[2] = pick(g, "*", f[1]), pick(g, "*", f[2][:2]+"*", f[2])
	case 12:
		f[5] = kind + g.hitVariable(name)
	case 13: // a wildcard in what tells the type of resource
		f[5] = pick(g, "*"+name, kind[:1]+"*/"+name, "*/*", "?"+kind[1:]+name)
	case 14:
		f[5] = kind + name + "*"
	default: // a wildcard for a colon, which AWS describes for none but a star that ends a field
		return pick(g, arn(f[:4]...)+"?"+arn(f[4:]...), arn(f[:4]...)+"*"+f[4][6:]+":"+rest, arn(f[0], f[1], f[2][:1]+"*"+f[4], rest))
	}
	return arn(f...)
}

// hitVariable writes the name with a policy variable that may come to it.
func (g *generator) hitVariable(name string) string {
	for _, k := range slices.Sorted(maps.Keys(g.context)) {
		if v := g.context[k]; v.Bare && v.Values[0] == name {
			return pick(g, "${"+k+"}", "${"+g.mangle(k)+"}", "${"+k+", 'x'}")
		}
	}
	return pick(g, "${aws:PrincipalTag/none, '"+name+"'}", "${aws:PrincipalTag/none}", name[:1]+"${aws:PrincipalTag/none, '"+name[1:]+"'}", "${aws:username}*", "${*}", "${?}", "${aws:username}")
}

func (g *generator) missResource() string {
	f := g.fields()
	if g.resource == "*" {
		f = []string{"arn", g.partition, "dynamodb", g.region, home, "table/orders"}
	}
	rest := f[5]
	if tag := g.value("aws:PrincipalTag/team"); tag != nil && wild(tag[0]) > 0 && g.chance(30) {
		f[5] = "table/${aws:PrincipalTag/team}" // wildcards in a value are literal
		return arn(f...)
	}
	if list := g.value("dynamodb:LeadingKeys"); len(list) == 1 && strings.HasSuffix(rest, "/"+list[0]) && g.chance(50) {
		f[5] = strings.TrimSuffix(rest, list[0]) + "${dynamodb:LeadingKeys}" // a list is no value, not even of one
		return arn(f...)
	}
	switch g.weighted(20, 8, 8, 6, 6, 6, 4, 4, 4, 4, 3, 3, 3) {
	case 0:
		f[5] = pick(g, "table/", "cache/", "global-table/") + pick(g, tableNames...)
	case 1:
		f[4] = pick(g, foreign, home, "000000000000", "", "${aws:PrincipalAccount}")
	case 2:
		f[3] = pick(g, "eu-west-1", "us-east-?", "eu-*", "", "US-EAST-1", "${aws:RequestedRegion}")
	case 3:
		f[1] = pick(g, "aws", "aws-cn", "aws-us-gov")
	case 4:
		f[2] = pick(g, "s3", "dax", "dynamodb", "s3*")
	case 5:
		f[5] = strings.ToUpper(rest[:1]) + rest[1:]
	case 6:
		f[5] = rest + pick(g, "?", "x", "/index/*", "/stream/*", "/*")
	case 7:
		f[5] = rest[:len(rest)-1]
	case 8:
		f[5] = strings.ToUpper(rest)
	case 9: // wildcards in a short name
		f[5] = "table/" + pick(g, "?", "??", "o*s?", "*-orders", "prod-*")
	case 10:
		f[5] = "table/" + pick(g, "${aws:username}", "${*}", "ord${?}rs", "${$}orders", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/none, 'other'}", "${dynamodb:LeadingKeys}", "${aws:PrincipalTag/TEAM}-x")
	case 11:
		return pick(g, "arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket", "arn:aws:lambda:us-east-1:"+home+":function:orders")
	default:
		if i := strings.LastIndexByte(rest, '/'); i > 0 { // the table of an index, the type of a table
			f[5] = rest[:i]
		}
	}
	return arn(f...)
}

func (g *generator) principals(hit int) *Principal {
	var ids []string
	if g.chance(hit) {
		ids = append(ids, g.hitPrincipal())
	}
	for range g.weighted(50, 35, 15) {
		ids = append(ids, g.missPrincipal())
	}
	if len(ids) == 0 {
		ids = append(ids, g.missPrincipal())
	}
	if len(ids) == 1 && ids[0] == "*" && g.chance(50) {
		return &Principal{Anyone: true}
	}
	types := map[string]List{}
	for _, id := range ids {
		kind := "AWS"
		switch {
		case strings.HasSuffix(id, ".amazonaws.com"):
			kind = "Service"
		case strings.HasPrefix(id, "79a59df"):
			kind = "CanonicalUser"
		case id == "cognito-identity.amazonaws":
			kind = "Federated"
		}
		types[kind] = List{Values: append(types[kind].Values, id)}
	}
	for kind, l := range types {
		l.Bare = len(l.Values) == 1 && g.principal != ""
		types[kind] = l
	}
	return &Principal{Types: types}
}

func (g *generator) hitPrincipal() string {
	prefix := "arn:" + g.partition + ":iam::" + home
	switch g.weighted(50, 10, 10, 30) {
	case 0:
		return g.principal
	case 1:
		return home
	case 2:
		return prefix + ":root"
	default:
		if strings.Contains(g.principal, ":assumed-role/") && g.chance(60) {
			return prefix + pick(g, ":role/app", ":role/team/app")
		}
		return "*"
	}
}

func (g *generator) missPrincipal() string {
	prefix := "arn:" + g.partition + ":iam::" + home
	return pick(g, foreign, "arn:"+g.partition+":iam::"+foreign+":root", prefix+":user/bob", prefix+":user/Alice", prefix+":role/App2",
		prefix+":user/carol", "arn:"+g.partition+":iam::"+foreign+":user/alice", "arn:"+g.partition+":sts::"+home+":assumed-role/app/other",
		"lambda.amazonaws.com", "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", prefix+":role/alice", prefix+":user/alice")
}

var operators = map[string][]string{
	"String":  {"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike", "BinaryEquals"},
	"Numeric": {"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"},
	"Date":    {"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"},
	"Bool":    {"Bool"},
	"IP":      {"IpAddress", "NotIpAddress"},
	"ARN":     {"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "StringLike", "StringEquals", "StringNotLike"},
}

// drawKey draws a key for a condition.
func (g *generator) drawKey() key {
	var usable []key
	for _, k := range keys {
		// Keys that the request cannot carry are worth a look, but not most of the time.
		if g.carried(k) || g.chance(15) {
			usable = append(usable, k)
		}
	}
	return pick(g, usable...)
}

// condition adds an operator with the key.
func (g *generator) condition(s *Statement, k key) {
	name := k.name
	if g.chance(10) {
		name = g.mangle(name)
	}
	operator, values := pick(g, operators[k.family]...), List{}
	switch {
	case g.chance(10):
		operator, values = "Null", List{Values: []string{pick(g, "true", "false", "true", "false", "True", "FALSE")}, Bare: g.chance(70)}
	default:
		for range 1 + g.weighted(60, 30, 10) {
			values.Values = append(values.Values, g.conditionValue(k, operator))
		}
		values.Bare = len(values.Values) == 1 && g.chance(60)
		if g.chance(20) {
			operator += "IfExists"
		}
	}
	values.Plain = g.chance(20)
	if k.multivalued && g.chance(85) || g.chance(6) {
		operator = pick(g, "ForAllValues:", "ForAnyValue:") + operator
	}
	if s.Condition == nil {
		s.Condition = map[string]map[string]List{}
	}
	for have := range s.Condition[operator] {
		if strings.EqualFold(have, name) {
			return // IAM refuses two keys that differ in case only
		}
	}
	if s.Condition[operator] == nil {
		s.Condition[operator] = map[string]List{}
	}
	s.Condition[operator][name] = values
}

// conditionValue draws a value to compare the key's to.
func (g *generator) conditionValue(k key, operator string) string {
	value := pick(g, k.values...)
	if have := g.value(k.name); have != nil && have[0] != "" && g.chance(50) {
		value = pick(g, have...)
	}
	switch k.family {
	case "String":
		switch g.weighted(55, 20, 8, 5, 12) {
		case 0:
			return value
		case 1:
			cut := g.IntN(len(value))
			return pick(g, value[:cut]+"*", "*"+value[cut:], value[:cut]+"?"+value[cut+1:], "*", "?*", value+"*", value+"?")
		case 2:
			return g.mangle(value)
		case 3:
			return pick(g, "${*}", "a${*}b", "a${$}b", "a${?}b", "a*b", "${aws:PrincipalTag/none, '"+value+"'}", value+"${$}", "${?}")
		default:
			return pick(g, "${aws:PrincipalTag/team}", "${aws:username}", "${aws:PrincipalAccount}", "${aws:PrincipalTag/none}", "user#${aws:username}", "${AWS:principaltag/TEAM}", "${aws:CalledVia}")
		}
	case "ARN":
		f := strings.SplitN(value, ":", 6)
		switch g.weighted(40, 10, 10, 10, 6, 6, 6) {
		case 0:
			return value
		case 1:
			f[4] = "*"
		case 2:
			f[5] = f[5][:3] + "*"
		case 3:
			f[1], f[5] = "*", "*"
		case 4:
			f[5] = "?" + f[5][1:]
		case 5:
			f[4], f[5] = "${aws:PrincipalAccount}", "*/${aws:username}"
		default:
			f[2] = "i*"
		}
		return arn(f...)
	case "Bool":
		return pick(g, value, value, "true", "false", "true", "false", g.mangle(value), "${aws:PrincipalTag/none, '"+value+"'}")
	case "Numeric":
		return pick(g, value, "300", "301", "0", "3600", "299", "12.5", "-1", "86400.0")
	case "Date":
		return pick(g, value, "2026-11-22T00:00:00Z", "2026-11-22T01:00:00+01:00", "2020-01-01", "2040-01-01T00:00:00.000Z", "1795305600", "2025-05")
	default:
		return pick(g, value, value+"/32", "203.0.113.0/24", "10.0.0.0/8", "0.0.0.0/0", "198.51.100.0/25", "2001:db8::/32", "::/0", "2001:db8:1234:5678::/64", "2001:DB8:1234:5678:0:0:0:1", "10.0.0.0/15")
	}
}
