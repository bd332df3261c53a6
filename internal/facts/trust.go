package facts

import (
	"crypto/sha1"
	"encoding/hex"
	"regexp"
	"strings"
	"sync"

	"dynamoguard/internal/iam"
	"dynamoguard/internal/resource"
)

// trusted returns the AWS service that alone may assume a role, such as lambda.amazonaws.com; empty where others may as well, or
// where who may is not known.
func trusted(f *Facts) (service string) {
	for _, d := range f.Documents(iam.Trust) {
		if !d.Known || d.Part || d.Document == nil || !d.Readable() || len(d.Errors) > 0 {
			return ""
		}
		for _, st := range d.Statements {
			if st.Effect == iam.Deny {
				continue
			}
			for _, p := range st.Principal.List {
				if p.Type != "Service" || st.Principal.Not || service != "" && service != p.ID {
					return ""
				}
				service = p.ID
			}
		}
	}
	return service
}

// seeTrust remembers whom a role trusts, by its name.
func (s *Stack) seeTrust(f *Facts) {
	r := f.resource
	if !IsRole(r) {
		return
	}
	name, _ := r.Properties.Get(entities[r.Type].name).Text()
	service := trusted(f)
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.roles[r.URN]; ok {
		delete(s.trusts[before], r.URN)
	}
	set(&s.roles, r.URN, name)
	if name == "" {
		return // nothing can name it
	}
	if s.trusts[name] == nil {
		set(&s.trusts, name, map[resource.URN]string{})
	}
	s.trusts[name][r.URN] = service
}

// TrustReads returns the types that TrustedService reads, and the patterns of the properties.
func TrustReads() map[string][]string {
	reads := DocumentReads(iam.Trust)()
	for typ, l := range links {
		for _, ref := range l.principals {
			if ref.Kind == KindRole && len(l.policies) > 0 {
				reads[typ] = append(reads[typ], ref.Property)
			}
		}
	}
	return reads
}

// TrustedService returns the AWS service that alone may assume the role that a resource is, or attaches policies to, as far as the
// stack has declared it. It is empty where others may as well, where the role is another stack's or several have its name, and
// where the resource attaches to something else as well. A role that is not known yet is noted in the log.
func (s *Stack) TrustedService(f *Facts, log *resource.Log) string {
	r := f.resource
	if IsRole(r) {
		return trusted(f)
	}
	principals := links[r.Type].principals
	if len(principals) != 1 || principals[0].Kind != KindRole {
		return ""
	}
	name, ok := r.Property(principals[0].Property, log).Text()
	if !ok {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.trusts[name]) == 1 {
		for _, service := range s.trusts[name] {
			return service
		}
	}
	return ""
}

// eventSubscription is the type of what onEvent and its like make of a table, a bucket, a queue and others.
var eventSubscription = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^aws:[a-z0-9]+:[A-Za-z]+EventSubscription$`) })

// Callback returns the name of the function for which Pulumi's Node SDK made a role and attached a managed policy to it, and whether
// that was for the handler of an event. It makes them where a CallbackFunction is given no role, beside each other: the role by the
// name of the function, for Lambda alone, and the attachments by NAME-HASH, of the first eight digits of the SHA-1 of the ARN. The
// function comes last, since it needs the ARN of the role, so it cannot be asked for when the attachment is judged.
//
// Sources:
// https://github.com/pulumi/pulumi-aws/blob/01044cfdab7b54bbe36d4ecedee40d0926c8ab25/sdk/nodejs/lambda/lambdaMixins.ts and
// https://github.com/pulumi/pulumi-aws/blob/032e2290c17836d23625e912c50806e208a15976/sdk/nodejs/dynamodb/dynamodbMixins.ts
func (s *Stack) Callback(r *resource.Resource, arn string) (name string, onEvent, ok bool) {
	sum := sha1.Sum([]byte(arn))
	name, ok = strings.CutSuffix(r.URN.Name(), "-"+hex.EncodeToString(sum[:4]))
	if !ok || r.Type != RoleAttachment {
		return "", false, false
	}
	role := r.URN.Sibling(Role, name)
	attached, known := r.Properties.Get("role").Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	called := s.roles[role]
	if s.trusts[called][role] != "lambda.amazonaws.com" || known && attached != called {
		return "", false, false
	}
	return name, eventSubscription().MatchString(r.URN.Parent()), true
}
