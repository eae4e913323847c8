package signin

import (
	"net/url"
	"strings"

	"github.com/userops/userops/functions/pages/view"
)

// The paths below the root of the pages.
const (
	In       = "sign-in"
	out      = "sign-out"
	begin    = "sign-in/issuer"
	back     = "sign-in/back"
	language = "language"
)

// Next is a page to go on to after signing in, as an address names it: one of ours, or the first.
func Next(path string) string {
	if path = backTo(path); strings.HasPrefix(path, view.Link(In)) {
		return view.Root
	}
	return path
}

// backTo is a page of ours as an address names it, or the first. Nobody is led elsewhere by a link of somebody else's.
func backTo(path string) string {
	to, err := url.Parse(path)
	if err != nil || to.IsAbs() || to.Host != "" || to.Path != view.Root && !strings.HasPrefix(to.Path, view.Root+"/") || strings.Contains(to.Path, "..") || strings.ContainsAny(path, "\\\r\n\t") {
		return view.Root
	}
	return to.RequestURI()
}
