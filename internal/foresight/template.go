package foresight

import (
	"cmp"
	"iter"
	"strings"

	"dynamoguard/internal/partition"
	"dynamoguard/internal/resource"
)

// The text of an output is written with parts in braces. A part is one of
//
//	{partition} {account} {region} {suffix}   of the place; suffix is that of its domain names
//	{name}                                    a property, which must be a text that is not empty
//	{*uuid}                                   what AWS will make up, see madeUp
//
// A property may be followed by filters, each after a bar:
//
//	{path|or /}                               the text after or, where nobody set the property
//	{url|without https://}                    without what it may begin with
//	{clusterName|lower}                       in lower case
//	{eventBusName|word}                       nothing where it is an ARN
//	{targetKeyId|arn}                         nothing where it is none
//	{globalTableArn|region}                   the region of an ARN
//	{globalTableArn|name}                     what follows the first slash in the resource of an ARN
//	{globalTableArn|here}                     the ARN, in the resource's own region

// parts returns the texts and the parts of a template in order. A part is in braces, a text is not.
func parts(template string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for template != "" {
			end := len(template)
			if strings.HasPrefix(template, "{") {
				end = strings.IndexByte(template, '}') + 1
			} else if i := strings.IndexByte(template, '{'); i >= 0 {
				end = i
			}
			if !yield(template[:end]) {
				return
			}
			template = template[end:]
		}
	}
}

// within returns what is in the braces of a part; ok is false for a text.
func within(part string) (expression string, ok bool) {
	expression, ok = strings.CutPrefix(part, "{")
	return strings.TrimSuffix(expression, "}"), ok
}

// A filling is the filling in of one template.
type filling struct {
	of     Resource
	in     Place
	secret bool // a part of it is one
	madeUp bool // a part of it was
}

// fill returns the text of a template; ok is false where a part is not known.
func (f *filling) fill(template string) (text string, ok bool) {
	var b strings.Builder
	for part := range parts(template) {
		if expression, isPart := within(part); isPart {
			if part, ok = f.part(expression); !ok || part == "" {
				return "", false
			}
		}
		b.WriteString(part)
	}
	return b.String(), true
}

// ofThePlace are the parts that are no property.
var ofThePlace = map[string]bool{"partition": true, "account": true, "region": true, "suffix": true}

func (f *filling) part(expression string) (text string, ok bool) {
	if shape, isMadeUp := strings.CutPrefix(expression, "*"); isMadeUp {
		f.madeUp = true
		return madeUp(f.of.URN, shape), true
	}
	switch expression {
	case "account":
		return f.in.Account, true
	case "partition":
		return f.partition()
	case "region":
		return f.region()
	case "suffix":
		name, ok := f.partition()
		return partition.DNSSuffix(name), ok
	}
	property, filters, filtered := strings.Cut(expression, "|")
	v := f.of.Properties.Get(property)
	f.secret = f.secret || v.Secret()
	if text, ok = v.Text(); v.Empty() {
		text, ok = "", true
	}
	for filtered && ok {
		var filter string
		filter, filters, filtered = strings.Cut(filters, "|")
		text, ok = f.filter(filter, text)
	}
	return text, ok
}

func (f *filling) filter(filter, text string) (filtered string, ok bool) {
	filter, argument, _ := strings.Cut(filter, " ")
	arn := strings.SplitN(text, ":", 6)
	isARN := len(arn) == 6 && arn[0] == "arn"
	switch filter {
	case "or":
		return cmp.Or(text, argument), true
	case "without":
		return strings.TrimPrefix(text, argument), true
	case "lower":
		return strings.ToLower(text), true
	case "word":
		return text, !isARN
	case "arn":
		return text, isARN
	}
	if !isARN {
		return "", false
	}
	switch filter {
	case "region":
		return arn[3], true
	case "name":
		_, name, ok := strings.Cut(arn[5], "/")
		return name, ok
	case "here":
		arn[3], ok = f.region()
		return strings.Join(arn, ":"), ok && arn[3] != ""
	default:
		return "", false
	}
}

// region is the resource's own, which it has from version 7 of the classic provider on, or that of its provider.
//
// Source: https://www.pulumi.com/registry/packages/aws/how-to-guides/7-0-migration/
func (f *filling) region() (region string, ok bool) {
	own := f.of.Properties.Get("region")
	if own.Empty() {
		return f.in.Region, true
	}
	f.secret = f.secret || own.Secret()
	return own.Text()
}

func (f *filling) partition() (name string, ok bool) {
	if f.in.Partition != "" {
		return f.in.Partition, true
	}
	region, ok := f.region()
	return partition.Of(region), ok
}

// reads returns the properties that an output is made of, but for the region.
func (o output) reads() []string {
	var properties []string
	if o.when.property != "" {
		properties = append(properties, o.when.property)
	}
	for part := range parts(o.text) {
		expression, ok := within(part)
		property, _, _ := strings.Cut(expression, "|")
		if ok && !strings.HasPrefix(property, "*") && !ofThePlace[property] {
			properties = append(properties, property)
		}
	}
	return properties
}

// A condition is one on a property of the resource. The zero condition always holds.
type condition struct {
	property string
	among    []string // texts, "true" or "false", unset, or set for anything but a text or a boolean
}

const (
	unset = "unset"
	set   = "set"
)

// when returns the condition that a property is one of some values.
func when(property string, among ...string) condition { return condition{property, among} }

func (c condition) holds(properties resource.Value) bool {
	if c.property == "" {
		return true
	}
	v := properties.Get(c.property)
	is := set
	if b, ok := v.Bool(); ok {
		is = map[bool]string{true: "true", false: "false"}[b]
	} else if text, ok := v.Text(); ok {
		is = text
	}
	switch {
	case v.Kind() == resource.Unknown:
		return false
	case v.Empty():
		is = unset
	}
	for _, value := range c.among {
		if is == value {
			return true
		}
	}
	return false
}

// String is the condition as people read it.
func (c condition) String() string {
	if c.property == "" {
		return ""
	}
	return c.property + " is " + strings.Join(c.among, " or ")
}
