"""Template tags for the page's modules."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from chatproject.importmap import chat_files
from chatproject.importmap import import_map as content

register = template.Library()


@register.simple_tag
def import_map() -> SafeString:
    """The import map's script element; it must stand before the first module."""
    # Our own file names as JSON, to the letter: the policy allows it by its hash.
    return format_html('<script type="importmap">{}</script>', mark_safe(content()))  # noqa: S308


@register.simple_tag
def preload_modules() -> SafeString:
    """Lets the browser fetch the chat's modules at once, instead of finding out import by import."""
    files = [(static(file),) for file in chat_files()]
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', files)
