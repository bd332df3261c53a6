package facts

import (
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
	if KindOf(r.Type) != KindRole {
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
	reads := DocumentReads(iam.Trust)
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
	if KindOf(r.Type) == KindRole {
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
