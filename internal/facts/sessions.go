package facts

// SessionDuration is the property of a role that says how long its sessions may last, in seconds.
const SessionDuration = "maxSessionDuration"

// SessionReads returns the types of roles, and the property SessionDuration.
func SessionReads() map[string][]string {
	reads := map[string][]string{}
	for typ, e := range entities {
		if e.kind == KindRole {
			reads[typ] = []string{SessionDuration}
		}
	}
	return reads
}
