/* Debian's Dianara 1.4.4 deletes a text field before the spell checker that watches it, which then falls over when it stops
 * watching. Loaded before Qt, this lets nobody stop watching anything, so that Dianara lives to speak to the server. */
void _ZN7QObject17removeEventFilterEPS_(void *object, void *filter)
{
    (void)object;
    (void)filter;
}
