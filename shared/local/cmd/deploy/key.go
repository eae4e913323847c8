package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The names of secrets below the stack's path, as the functions read them.
const (
	rootSecret    = "secret"
	userSecret    = "user-hash"
	sessionSecret = "session"
	smtpPassword  = "smtp-password"
	smsSecret     = "sms-secret"
	fcmAccount    = "fcm-account"
	apnsKey       = "apns-key"
	webhookSecret = "webhook-secret"
)

// givenByHand are secrets that others have made, which go with a parameter.
var givenByHand = []struct{ parameter, secret, noun string }{
	{"SmtpUser", smtpPassword, "password"},
	{"SmsKeyId", smsSecret, "secret"},
	{"FcmProject", fcmAccount, "account"},
	{"ApnsKeyId", apnsKey, "key"},
}

// hashIn is the parameter that has the hash of a holder's key.
var hashIn = map[string]string{server: "ServerKeyHash", operator: "OperatorKeyHash"}

const (
	leastKey = 20 // characters: a hash of less is guessed back
	mostKey  = 200
)

func hash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// drawn is a new key, told from a hash by its first letters.
func drawn(holder string) string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // it never fails
	return holder + "-" + base64.RawURLEncoding.EncodeToString(random)
}

// checkKeys judges the keys that are given, and says in changes which hashes will be in force. Keys that are drawn come later: nothing is drawn for a
// deployment that does not come about.
func (d *deployment) checkKeys() []string {
	var faults []string
	fail := func(format string, a ...any) { faults = append(faults, fmt.Sprintf(format, a...)) }
	for _, variable := range slices.Sorted(maps.Keys(keyOf)) {
		key := d.keys[keyOf[variable]]
		switch {
		case key == "":
		case strings.HasPrefix(key, "demo-"):
			fail("%s is a key that everybody knows from the documentation: draw one, openssl rand -base64 32", variable)
		case len(key) < leastKey || len(key) > mostKey:
			fail("%s has %d characters: a key has %d to %d, drawn at random, as by openssl rand -base64 32", variable, len(key), leastKey, mostKey)
		case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' || r == ':' }):
			fail("%s has a blank, a colon or what is not ASCII: HTTP Basic does not carry it", variable)
		}
	}
	for _, holder := range []string{server, operator} {
		faults = append(faults, d.checkHashes(holder)...)
	}
	if key := d.keys[writer]; key != "" {
		present := d.present("DefaultWriteKey")
		_, named := d.wish.values["DefaultWriteKey"]
		switch {
		case named:
			fail("WRITE_KEY and DefaultWriteKey are both given: give one")
		case present != "" && present != key:
			fail("WRITE_KEY is another key than the stack's, which pages send: define a source with the new one and let pages change over (docs/deploy.md, keys), or say DefaultWriteKey=... and lose what old pages send")
		default:
			d.changes["DefaultWriteKey"] = key
		}
	} else if _, named := d.wish.values["DefaultWriteKey"]; !named && d.before == nil {
		d.changes["DefaultWriteKey"] = drawn(writer)
	}
	return faults
}

// present is a parameter's value in the stack as it is.
func (d *deployment) present(name string) string {
	if d.before != nil {
		for _, p := range d.before.Parameters {
			if p.ParameterKey == name {
				return p.ParameterValue
			}
		}
	}
	return ""
}

// checkHashes decides what becomes of a holder's hashes.
func (d *deployment) checkHashes(holder string) []string {
	name, variable := hashIn[holder], strings.ToUpper(holder)+"_KEY"
	present := d.present(name)
	hashes := strings.Split(strings.ToLower(present), ",")
	_, named := d.wish.values[name]
	key := d.keys[holder]
	ways := 0
	for _, way := range []bool{named, key != "", d.rotate[holder], d.retire[holder]} {
		if way {
			ways++
		}
	}
	switch {
	case ways > 1:
		return []string{fmt.Sprintf("of %s, %s, ROTATE=%s and RETIRE=%s, one at a time", variable, name, holder, holder)}
	case ways == 0 || named:
		return nil
	case masked(present):
		return []string{fmt.Sprintf("%s of the stack is masked by the template before, so the key in force could not be kept: deploy once without %s, and then again", name, variable)}
	case d.retire[holder] && len(hashes) < 2:
		return []string{fmt.Sprintf("RETIRE=%s: there is no key before", holder)}
	case d.retire[holder]:
		d.changes[name] = hashes[0]
		return nil
	case key != "" && slices.Contains(hashes, hash(key)):
		return nil // as it is
	case len(hashes) > 1:
		return []string{fmt.Sprintf("two keys of the %s are in force already: end the one before first, RETIRE=%s", holder, holder)}
	case d.rotate[holder] && present == "":
		return []string{fmt.Sprintf("ROTATE=%s: there is no key to change", holder)}
	case d.rotate[holder] && d.values["SecretsPath"] == "":
		return []string{fmt.Sprintf("ROTATE=%s draws a key, and without SecretsPath there is no place to keep it: give %s", holder, variable)}
	case d.rotate[holder]:
		return nil // makeKeys draws it
	}
	d.changes[name] = beside(hash(key), present)
	return nil
}

// beside is a hash in force with the one before.
func beside(hash, before string) string {
	if before == "" {
		return hash
	}
	return hash + "," + strings.ToLower(before)
}

// wanted says whether a holder's key is to be drawn: there is none, nobody has named one, and there is a place to keep it. Who names operators or an issuer has
// said who they are.
func (d *deployment) wanted(holder string) bool {
	_, named := d.changes[hashIn[holder]]
	elsewhere := holder == operator && (d.values["OperatorKeys"] != "" || d.values["Issuer"] != "")
	return !named && d.present(hashIn[holder]) == "" && !elsewhere && d.keptKey(holder) != ""
}

// makeKeys draws the keys that are wanted, keeps them, and has their hashes deployed. A key that an earlier try has kept is used.
func (d *deployment) makeKeys(ctx context.Context) error {
	for _, holder := range []string{server, operator} {
		kept := d.keptKey(holder)
		switch {
		case d.rotate[holder]:
			key, err := d.drawNext(ctx, holder)
			if err != nil {
				return err
			}
			d.changes[hashIn[holder]] = beside(hash(key), d.present(hashIn[holder]))
		case !d.wanted(holder):
		case d.there[kept]:
			key, err := d.value(ctx, kept)
			if err != nil {
				return err
			}
			d.changes[hashIn[holder]] = hash(key)
		default:
			key := drawn(holder)
			if err := d.put(ctx, kept, key, "userops: the key of the "+holder, false); err != nil {
				return err
			}
			d.changes[hashIn[holder]] = hash(key)
		}
	}
	return nil
}

// drawNext draws the key that takes another's place and keeps it beside that, which opens the stack until the change is through. A key that a try before has drawn in vain is used.
func (d *deployment) drawNext(ctx context.Context, holder string) (string, error) {
	next := d.nextKey(holder)
	if d.there[next] {
		key, err := d.value(ctx, next)
		if err != nil || !slices.Contains(strings.Split(strings.ToLower(d.present(hashIn[holder])), ","), hash(key)) {
			return key, err
		}
		// It is in force, and the change that made it so could not put it into its place.
		if err := d.put(ctx, d.keptKey(holder), key, "userops: the key of the "+holder, true); err != nil {
			return "", err
		}
	}
	key := drawn(holder)
	return key, d.put(ctx, next, key, "userops: the key of the "+holder+" that is to be", true)
}

// settleKeys moves each key that the stack knows as the newest by now to its place. What is broken off here is ended by the next deployment, whatever it changes.
func (d *deployment) settleKeys(ctx context.Context) error {
	for _, holder := range []string{server, operator} {
		next := d.nextKey(holder)
		if next == "" || !d.there[next] {
			continue
		}
		key, err := d.value(ctx, next)
		if err != nil {
			return err
		}
		hashes, changed := d.changes[hashIn[holder]]
		if !changed {
			hashes = d.present(hashIn[holder])
		}
		if newest, _, _ := strings.Cut(strings.ToLower(hashes), ","); newest != hash(key) {
			continue // of a try that failed
		}
		if err := d.put(ctx, d.keptKey(holder), key, "userops: the key of the "+holder, true); err != nil {
			return fmt.Errorf("the stack knows the new key of the %s, which is %s; deploy again to have it in its place: %w", holder, next, err)
		}
		if err := d.remove(ctx, next); err != nil {
			return fmt.Errorf("the new key of the %s is in its place, and stands twice; deploy again to have that ended: %w", holder, err)
		}
	}
	return nil
}

// value reads a secret.
func (d *deployment) value(ctx context.Context, name string) (string, error) {
	var value string
	if err := d.aws(ctx, &value, "ssm", "get-parameter", "--name", name, "--with-decryption", "--query", "Parameter.Value"); err != nil {
		return "", fmt.Errorf("reading %s: %w", name, err)
	}
	return value, nil
}

// makeSecrets makes the secrets that are missing. What there is is never written over: links in mails and what pages prove depend on it.
func (d *deployment) makeSecrets(ctx context.Context) error {
	root, user := d.secretName(rootSecret), d.secretName(userSecret)
	if root == "" {
		return nil
	}
	type missing struct{ name, description string }
	var list []missing
	if !d.there[root] {
		// A user-hash beside a secret that is there would refuse what the shop signs with the key derived of that; so it is made with it, and before it.
		if !d.there[user] {
			list = append(list, missing{user, "userops: what the shop's back end signs userIds with"})
		}
		list = append(list, missing{root, "userops: keys of links in mails are derived of it"})
	}
	if session := d.secretName(sessionSecret); !d.there[session] {
		list = append(list, missing{session, "userops: signs the sessions of operators in the console"})
	}
	if hook := d.secretName(webhookSecret); d.values["WebhookUrl"] != "" && !d.there[hook] {
		list = append(list, missing{hook, "userops: signs what goes to WebhookUrl"})
	}
	for _, m := range list {
		random := make([]byte, 32)
		_, _ = rand.Read(random) // it never fails
		if err := d.put(ctx, m.name, hex.EncodeToString(random), m.description, false); err != nil {
			return err
		}
	}
	return nil
}
