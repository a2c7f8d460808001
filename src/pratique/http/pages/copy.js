for (const button of document.querySelectorAll("button.copy")) {
  const text = button.parentElement.querySelector("pre").textContent;
  const told = button.parentElement.querySelector("[role=status]");
  const typed = () => {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    button.focus();
    return done;
  };
  button.hidden = false;
  button.addEventListener("click", async () => {
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      done = typed();
    }
    told.textContent = done ? "Copied." : "It could not be copied; select the text instead.";
  });
}
